// Slots for the first registration of a fleet.
import type { Rate } from "@moorage/emulator"

/** Number of boards in a slot and length of a slot (settings `SLOT` and `SLOT_SEC` of a board). */
export interface SlotPlan {
    boardsPerSlot: number
    slotSec: number
}

/**
 * Returns the slots with the most boards that the quota allows (R35).
 * @param rate the service's quota of registrations
 * @param load share of the quota that the fleet may use, in (0, 1]
 * @param slotSec length of a slot in integral seconds (default: the period of the quota)
 * @throws RangeError if no board fits in a slot
 */
export function planSlots(rate: Rate, load: number, slotSec = rate.perSec): SlotPlan {
    const boardsPerSlot = Math.floor((rate.calls / rate.perSec) * slotSec * load + 1e-9)
    if (!(boardsPerSlot >= 1))
        throw new RangeError(
            `No board fits in a slot of ${slotSec} s. Make the slots longer or the load higher.`
        )
    return { boardsPerSlot, slotSec }
}

/** Returns the slot of a board. @param board number of the board in the fleet, from 0 */
export function slotOf(plan: SlotPlan, board: number): number {
    return Math.floor(board / plan.boardsPerSlot)
}
