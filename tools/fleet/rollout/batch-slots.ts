// Slots of a batch: short ones do well by services that save up a minute of their quota and by those that save up a
// second (docs/internals/rollout-efficiency.md).
import type { Rate } from "@moorage/emulator"
import { planSlots, type SlotPlan } from "@moorage/simulator/model"

/** What DPS and the hubs take, and how much of it a roll-out may. */
export interface Limits {
    /** Of the DPS instance; it takes as many other operations (facts 4), of which a new board needs one too. */
    registrations: Rate
    /** Of each hub: new connections. */
    hubConnects: Rate
    hubs: number
    /** Share of all these that the roll-out may take, over 0 and up to 1. */
    load: number
}

/** Whole boards in a slot leave so much of the rate unused, at most; where one second does, it is one second. */
const WASTE_MAX = 0.05
const SHORT_MAX_SEC = 60
/** As of SLOT_SEC (docs/reference/settings.md). */
export const SLOT_MAX_SEC = 86_400

/** Boards a second that the limits allow, the load not counted. */
export function ratePerSec({ registrations, hubConnects, hubs }: Limits): number {
    const perSec = ({ calls, perSec: sec }: Rate) => calls / sec
    return Math.min(perSec(registrations), hubs * perSec(hubConnects))
}

/**
 * Slots for these limits.
 * @param slotSec whole seconds; unless given the shortest that waste little of the rate
 * @throws RangeError when not even one board fits in a slot
 */
export function slotsFor(limits: Limits, slotSec?: number): SlotPlan {
    const rate = { calls: ratePerSec(limits), perSec: 1 }
    const { load } = limits
    if (slotSec !== undefined) return planSlots(rate, load, slotSec)
    const oneBoardSec = Math.ceil(1 / (rate.calls * load) - 1e-9)
    if (oneBoardSec > SLOT_MAX_SEC) throw new RangeError("that is less than a board a day: too slow")
    let best = planSlots(rate, load, Math.max(1, oneBoardSec))
    const isGood = ({ boardsPerSlot, slotSec: sec }: SlotPlan) =>
        boardsPerSlot >= rate.calls * load * sec * (1 - WASTE_MAX)
    for (let sec = best.slotSec + 1; sec <= SHORT_MAX_SEC && !isGood(best); sec++) {
        const longer = planSlots(rate, load, sec)
        if (longer.boardsPerSlot * best.slotSec > best.boardsPerSlot * sec) best = longer
    }
    return best
}
