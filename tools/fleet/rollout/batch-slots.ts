// Chooses the slots of a batch. Short slots are efficient for services that accumulate unused quota for a minute, and also for
// those that accumulate it for a second (docs/internals/rollout-efficiency.md).
import type { Rate } from "@moorage/emulator"
import { planSlots, type SlotPlan } from "@moorage/simulator/model"
import { loadBoardProfile } from "@moorage/vm"
import { SlotSec } from "@moorage/device/shared"

/** The quotas of DPS and the hubs, and the share of them for the roll-out (R33). */
export interface RolloutLimits {
    /** Registrations of the DPS instance. It accepts the same number of other operations (protocol-facts.md, 4). A new board needs one of each. */
    registrations: Rate
    /** New connections of each hub. */
    hubConnects: Rate
    hubs: number
    /** Load factor: share of these quotas for the roll-out, above 0 and up to 1. */
    load: number
}

/** Maximum unused share of the rate, because a slot has a whole number of boards. */
const UNUSED_SHARE_MAX = 0.05
const SHORT_SLOT_MAX_SEC = 60
/** Maximum of the setting SLOT_SEC (docs/reference/settings.md). */
export const SLOT_MAX_SEC: number = SlotSec.Max

/** Returns the number of boards per second that the quotas allow, without the load factor. */
export function ratePerSec({ registrations, hubConnects, hubs }: RolloutLimits): number {
    const perSec = ({ calls, perSec: sec }: Rate) => calls / sec
    return Math.min(perSec(registrations), hubs * perSec(hubConnects))
}

/**
 * Returns the slots for these limits.
 * @param slotSec length of a slot in whole seconds (default: the shortest slot that uses most of the rate)
 * @throws RangeError if no board fits into a slot
 */
export function chooseSlots(limits: RolloutLimits, slotSec?: number): SlotPlan {
    const rate = { calls: ratePerSec(limits), perSec: 1 }
    const { load } = limits
    if (slotSec !== undefined) return planSlots(rate, load, slotSec)
    const oneBoardSec = Math.ceil(1 / (rate.calls * load) - 1e-9)
    if (oneBoardSec > SLOT_MAX_SEC) throw new RangeError("the rate is too low: less than one board per day")
    let best = planSlots(rate, load, Math.max(1, oneBoardSec))
    const isEfficient = ({ boardsPerSlot, slotSec: sec }: SlotPlan) =>
        boardsPerSlot >= rate.calls * load * sec * (1 - UNUSED_SHARE_MAX)
    for (let sec = best.slotSec + 1; sec <= SHORT_SLOT_MAX_SEC && !isEfficient(best); sec++) {
        const longer = planSlots(rate, load, sec)
        if (longer.boardsPerSlot * best.slotSec > best.boardsPerSlot * sec) best = longer
    }
    return best
}

const MINUTE_SEC = 60

/** Returns whether boards with this profile have the tight image. @throws VmError if the profile does not exist */
export function isTight(profile: string | undefined): boolean {
    return profile !== undefined && loadBoardProfile(profile).image === "maintight"
}

/**
 * Returns the maximum number of tight boards that may be powered on together: the DPS limit for status lookups per minute (protocol-facts.md, 4)
 * times the load factor. A tight board looks up its status at every power-on (R17), before it waits for its slot. So
 * batches spread these calls, but slots do not.
 */
export function maxConcurrentTightBoards({ registrations: { calls, perSec }, load }: RolloutLimits): number {
    return Math.max(1, Math.floor(Math.min(calls, (calls / perSec) * MINUTE_SEC) * load + 1e-9))
}
