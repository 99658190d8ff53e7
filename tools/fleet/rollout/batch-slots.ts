// Slots of a batch: short ones do well by services that save up a minute of their quota and by those that save up a
// second (docs/internals/rollout-efficiency.md).
import type { Rate } from "@moorage/emulator"
import { planSlots, type SlotPlan } from "@moorage/simulator/model"
import { loadBoardProfile } from "@moorage/vm"

/** What DPS and the hubs take, and how much of it a roll-out may. */
export interface RolloutLimits {
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
export function ratePerSec({ registrations, hubConnects, hubs }: RolloutLimits): number {
    const perSec = ({ calls, perSec: sec }: Rate) => calls / sec
    return Math.min(perSec(registrations), hubs * perSec(hubConnects))
}

/**
 * Slots for these limits.
 * @param slotSec whole seconds; unless given the shortest that waste little of the rate
 * @throws RangeError when not even one board fits in a slot
 */
export function chooseSlots(limits: RolloutLimits, slotSec?: number): SlotPlan {
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

const MINUTE_SEC = 60

/** Whether boards of that profile have the tight image. @throws VmError for one that there is not */
export function isTight(profile: string | undefined): boolean {
    return profile !== undefined && loadBoardProfile(profile).image === "maintight"
}

/** How many tight boards may be powered on together: what DPS takes of lookups in a minute (facts 4), of it the load. */
export function maxConcurrentTightBoards({ registrations: { calls, perSec }, load }: RolloutLimits): number {
    return Math.max(1, Math.floor(Math.min(calls, (calls / perSec) * MINUTE_SEC) * load + 1e-9))
}
