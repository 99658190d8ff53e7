// Boards with flash images of `moorage manufacture` instead of the plan's boards.
import type { BoardProfile, Flash } from "@moorage/vm"
import type { SimulationPlan } from "../plan/simulation-plan.js"
import { GROUP_ID, type FleetSpec } from "./fleet-spec.js"

export interface ImageBoard {
    id: string
    profile: BoardProfile
    /** The program in its flash. */
    bytecode: Uint8Array
    /** Contains the program, the key and the settings. */
    flash: Flash
    /** The settings in its flash, with the device key. */
    settings: Record<string, unknown>
    /** When the board is powered on, in s since the run began. */
    powerOnSec: number
}

export interface ImageFleet {
    idScope: string
    /** Key of the enrollment group of the boards. Without it each board has an individual enrollment. */
    groupKey?: string
    boards: ImageBoard[]
}

/** Settings of the firmware that the invariants depend on. */
const CHECKED_SETTINGS = ["STABLE_SEC", "FLEET_N", "FLEET_CPS", "LOAD"]

/** Returns when the slot of the last board ends, in s since the run began. */
function lastSlotSec({ boards }: ImageFleet): number {
    const endSec = ({ powerOnSec, settings: { SLOT = 0, SLOT_SEC = 0 } }: ImageBoard) =>
        powerOnSec + (Number(SLOT) + 1) * Number(SLOT_SEC)
    return boards.reduce((latest, board) => Math.max(latest, endSec(board)), 0)
}

/** Returns the plan for these boards. The duration and `mooredWithinSec` count from the end of the last slot. */
export function planForImages(plan: SimulationPlan, fleet: ImageFleet): SimulationPlan {
    const [first] = fleet.boards
    const lastSec = lastSlotSec(fleet)
    const settings = Object.fromEntries(
        CHECKED_SETTINGS.map(name => [name, first.settings[name]]).filter(([, value]) => value !== undefined)
    ) as SimulationPlan["boards"]["settings"]
    return {
        ...plan,
        durationSec: plan.durationSec + lastSec,
        mooredWithinSec: plan.mooredWithinSec + lastSec,
        boards: { ...plan.boards, count: fleet.boards.length, only: undefined, slots: undefined, settings },
    }
}

/** Returns the boards of flash images. */
export function fleetSpecOfImages({ idScope, groupKey, boards }: ImageFleet): FleetSpec {
    const keyOf = ({ settings }: ImageBoard) => String(settings.DEVICE_KEY)
    return {
        idScope,
        enrollments:
            groupKey === undefined
                ? {
                      enrollments: boards.map(board => ({
                          registrationId: board.id,
                          primaryKey: keyOf(board),
                      })),
                  }
                : { enrollmentGroups: [{ enrollmentGroupId: GROUP_ID, primaryKey: groupKey }] },
        boardSpec(number) {
            const board = boards[number]
            // The settings are in its flash already.
            return { ...board, key: keyOf(board), settings: {} }
        },
    }
}
