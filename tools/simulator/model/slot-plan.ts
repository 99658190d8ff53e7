import type { Rate } from "@moorage/emulator"

/** First boots in slots: so many boards in each, so long (`SLOT` and `SLOT_SEC` of a board). */
export interface SlotPlan {
    boardsPerSlot: number
    slotSec: number
}

/**
 * Slots that a rate can carry.
 * @param rate the service's quota of registrations
 * @param load share of the quota that the fleet may take, in (0, 1]
 * @param slotSec length of a slot, whole seconds; unless given the period of the quota: the seed's batches
 * @throws RangeError when not even one board fits in a slot
 */
export function planSlots(rate: Rate, load: number, slotSec = rate.perSec): SlotPlan {
    const boardsPerSlot = Math.floor((rate.calls / rate.perSec) * slotSec * load + 1e-9)
    if (!(boardsPerSlot >= 1))
        throw new RangeError(`no board fits in a slot of ${slotSec} s: make slots longer, or the load higher`)
    return { boardsPerSlot, slotSec }
}

/** The slot of a board, from its number in the fleet. */
export function slotOf(plan: SlotPlan, board: number): number {
    return Math.floor(board / plan.boardsPerSlot)
}
