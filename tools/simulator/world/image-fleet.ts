// Boards as they come from manufacture: their own flash images, in place of boards that the plan makes up.
import type { BoardProfile, Flash } from "@moorage/vm"
import type { SimulationPlan } from "../plan/simulation-plan.js"
import { GROUP_ID, type FleetSpec } from "./fleet-spec.js"

export interface ImageBoard {
    id: string
    profile: BoardProfile
    /** The program in its flash. */
    bytecode: Uint8Array
    /** Program, key and settings. */
    flash: Flash
    /** What is in its flash, key and all. */
    settings: Record<string, unknown>
    /** When it is powered on. */
    powerOnSec: number
}

export interface ImageFleet {
    idScope: string
    /** Of the enrollment group that knows the boards; unless given each has an individual enrollment. */
    groupKey?: string
    boards: ImageBoard[]
}

/** Settings of the firmware that what is checked depends on. */
const WATCHED = ["STABLE_SEC", "FLEET_N", "FLEET_CPS", "LOAD"]

/** When the last board's slot is over, in s. */
function lastSlotSec({ boards }: ImageFleet): number {
    const endSec = ({ powerOnSec, settings: { SLOT = 0, SLOT_SEC = 0 } }: ImageBoard) =>
        powerOnSec + (Number(SLOT) + 1) * Number(SLOT_SEC)
    return boards.reduce((latest, board) => Math.max(latest, endSec(board)), 0)
}

/** The plan for just these boards. Its duration, and its bound for being moored, count from the end of the last slot. */
export function planForImages(plan: SimulationPlan, fleet: ImageFleet): SimulationPlan {
    const [first] = fleet.boards
    const lastSec = lastSlotSec(fleet)
    const settings = Object.fromEntries(
        WATCHED.map(name => [name, first.settings[name]]).filter(([, value]) => value !== undefined)
    ) as SimulationPlan["boards"]["settings"]
    return {
        ...plan,
        durationSec: plan.durationSec + lastSec,
        mooredWithinSec: plan.mooredWithinSec + lastSec,
        boards: { ...plan.boards, count: fleet.boards.length, only: undefined, slots: undefined, settings },
    }
}

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
            // They are in its flash already.
            return { ...board, key: keyOf(board), settings: {} }
        },
    }
}
