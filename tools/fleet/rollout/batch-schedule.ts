// Splits waves into batches (R34, R35). A board has no clock before its first connection and counts its slot from power-on.
// So the boards of a batch must be powered on together, and the slots of each batch start at 0.
import type { SlotPlan } from "@moorage/simulator/model"
import type { WorkingCalendar } from "./working-calendar.js"

/** Boards that are powered on together, as scheduled. */
export interface ScheduledBatch {
    /** From 1. */
    wave: number
    startMs: number
    /** Index of the first board in the fleet file, from 0. The other boards follow. */
    firstBoard: number
    boards: number
    slots: number
}

export interface ScheduleOptions {
    /** Number of boards of each wave. */
    waves: number[]
    slots: SlotPlan
    calendar: WorkingCalendar
    /** Earliest start of the first batch. */
    startMs: number
    /** Pause after a wave. */
    soakSec: number
    /** Maximum number of boards that can be powered on together. */
    batchMax: number
}

/** Tolerance for shares, which are floating-point numbers. */
const EPSILON = 1e-9
const MIN_MS = 60_000
/** Time from the end of a batch's slots to the next batch, in which the last boards poll DPS and connect. */
export const GAP_SEC = 60
/** Maximum duration of a batch, because a board that loses power waits for its slot again. */
const BATCH_MAX_MS = 86_400_000
/** A batch that does not fit into the rest of the working hours is split only if at least this time remains. */
const MIN_REMAINING_MS = 10 * MIN_MS
const BATCHES_MAX = 10_000

/**
 * Returns the number of boards of each wave. Waves without boards are omitted.
 * @param shares share of the fleet up to and including each wave, increasing to 1
 */
export function waveSizes(boards: number, shares: number[]): number[] {
    let before = 0
    return shares
        .map(share => {
            const upTo = Math.min(boards, Math.ceil(share * boards - EPSILON))
            const size = upTo - before
            before = upTo
            return size
        })
        .filter(size => size > 0)
}

/** Returns the duration of a number of slots. */
export const slotsDurationMs = (slots: number, { slotSec }: SlotPlan) => slots * slotSec * 1000

/**
 * Returns the batches in order. Each batch starts at a full minute and its slots are within working hours.
 * @throws RangeError if no slot fits into the working hours, or if there are too many batches
 */
export function scheduleBatches(options: ScheduleOptions): ScheduledBatch[] {
    const { waves, startMs, soakSec } = options
    const batches: ScheduledBatch[] = []
    let earliestMs = startMs
    let firstBoard = 0
    for (const [i, size] of waves.entries()) {
        for (let remaining = size; remaining > 0;) {
            const batch = nextBatch({ wave: i + 1, remaining, firstBoard, earliestMs }, options)
            if (batches.push(batch) > BATCHES_MAX)
                throw new RangeError(
                    `the plan has more than ${BATCHES_MAX} batches; use longer working hours or larger batches`
                )
            remaining -= batch.boards
            firstBoard += batch.boards
            earliestMs = batch.startMs + slotsDurationMs(batch.slots, options.slots) + GAP_SEC * 1000
        }
        earliestMs += soakSec * 1000
    }
    return batches
}

interface NextBatch {
    wave: number
    /** Number of boards of the wave that are not in a batch. */
    remaining: number
    firstBoard: number
    /** Earliest start. */
    earliestMs: number
}

/** Returns the next batch of a wave, with as many boards as fit into the next working hours. */
function nextBatch(
    { wave, remaining, firstBoard, earliestMs }: NextBatch,
    options: ScheduleOptions
): ScheduledBatch {
    const { slots, calendar, batchMax } = options
    const wanted = Math.min(remaining, batchMax)
    for (let fromMs = earliestMs, isLater = false; ; isLater = true) {
        const window = calendar.nextWindow(fromMs)
        const startMs = Math.ceil(window.fromMs / MIN_MS) * MIN_MS
        const availableMs = Math.min(window.toMs - startMs, BATCH_MAX_MS)
        const capacity = Math.floor(availableMs / slotsDurationMs(1, slots)) * slots.boardsPerSlot
        if (capacity >= wanted || (capacity > 0 && (availableMs >= MIN_REMAINING_MS || isLater))) {
            const boards = Math.min(wanted, capacity)
            return { wave, startMs, firstBoard, boards, slots: Math.ceil(boards / slots.boardsPerSlot) }
        }
        if (isLater) throw new RangeError(`a slot of ${slots.slotSec} s does not fit into the working hours`)
        fromMs = window.toMs
    }
}
