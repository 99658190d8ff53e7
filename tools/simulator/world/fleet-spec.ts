// The boards of a run before power-on, as a plan describes them.
import type { CloudOptions } from "@moorage/emulator"
import { deriveDeviceKey } from "@moorage/protocol"
import { type BoardProfile, type Flash, loadBoardProfile, programmedFlash } from "@moorage/vm"
import type { SimulationPlan } from "../plan/simulation-plan.js"
import { sample, randomStream } from "./random-streams.js"

/** One board before power-on. */
export interface BoardSpec {
    id: string
    profile: BoardProfile
    bytecode: Uint8Array
    flash: Flash
    /** Device key. */
    key: string
    /** Settings to write into flash before the first power-on. */
    settings: Record<string, unknown>
    /** When the board is powered on, in s since the run began. */
    powerOnSec: number
}

export interface FleetSpec {
    idScope: string
    /** Enrollments of the boards at DPS. */
    enrollments: Pick<CloudOptions, "enrollments" | "enrollmentGroups">
    /** Returns a board. @param number from 0 to the number of boards less 1 */
    boardSpec(number: number): BoardSpec
}

/** The bytecode of the two firmware images. */
export interface Images {
    main: Uint8Array
    maintight: Uint8Array
}

/** The enrollment group of the boards. */
export const GROUP_ID = "fleet"
const ID_SCOPE = "0ne00SIM001"

/** Returns when a board is powered on, in s since the run began. */
function powerOnSec({ powerOn }: SimulationPlan, seed: number, number: number): number {
    if (powerOn.pattern === "spread") return powerOn.overSec * sample(seed, `powerOn/${number}`)
    if (powerOn.pattern === "batches") return Math.floor(number / powerOn.size) * powerOn.everySec
    return 0
}

/** Returns the profile of a board, random by weight. */
function profileName({ boards: { mix } }: SimulationPlan, seed: number, number: number): string {
    const total = mix.reduce((sum, { weight }) => sum + weight, 0)
    let draw = sample(seed, `profile/${number}`) * total
    return (mix.find(({ weight }) => (draw -= weight) < 0) ?? mix[0]).profile
}

/** Returns the boards of a plan. The seed decides the group key, the profiles and the power-on times. */
export function fleetSpecOfPlan(plan: SimulationPlan, seed: number, images: Images): FleetSpec {
    const groupKey = Buffer.from(randomStream(seed, "groupKey").bytes(64)).toString("base64")
    const { slots, settings } = plan.boards
    return {
        idScope: ID_SCOPE,
        enrollments: { enrollmentGroups: [{ enrollmentGroupId: GROUP_ID, primaryKey: groupKey }] },
        boardSpec(number) {
            const id = `board-${number}`
            const key = deriveDeviceKey(groupKey, id)
            const profile = loadBoardProfile(profileName(plan, seed, number))
            const bytecode = images[profile.image]
            return {
                id,
                profile,
                bytecode,
                flash: programmedFlash(bytecode, profile.fstorPages),
                key,
                settings: {
                    ID_SCOPE,
                    REG_ID: id,
                    DEVICE_KEY: key,
                    ...(slots ? { SLOT: Math.floor(number / slots.boards), SLOT_SEC: slots.slotSec } : {}),
                    ...settings,
                },
                powerOnSec: powerOnSec(plan, seed, number),
            }
        },
    }
}
