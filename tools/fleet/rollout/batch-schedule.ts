// Waves cut into batches. A board counts its slot from its own power-on and has no clock before, so a batch is what
// people power on together, and its slots begin at 0.
import type { SlotPlan } from "@moorage/simulator/model"
import type { WorkingCalendar } from "./working-calendar.js"

/** Boards that are powered on together. */
export interface ScheduledBatch {
    /** From 1. */
    wave: number
    startMs: number
    /** Number of its first board in the fleet file, from 0; the others follow. */
    firstBoard: number
    boards: number
    slots: number
}

export interface ScheduleOptions {
    /** Boards of each wave. */
    waves: number[]
    slots: SlotPlan
    calendar: WorkingCalendar
    /** Not before. */
    startMs: number
    /** Pause after a wave. */
    soakSec: number
    /** Boards that people can power on at once. */
    batchMax: number
}

const MIN_MS = 60_000
/** From the end of a batch's slots to the next batch: its last boards poll and connect, and are seen to. */
export const GAP_SEC = 60
/** A board that loses its power waits anew: no slot is later than that. */
const BATCH_MAX_MS = 86_400_000
/** For less time than that at the end of a day no one begins a batch, unless it is done in it. */
const WORTH_MS = 10 * MIN_MS
const BATCHES_MAX = 10_000

/** Each wave's boards, from shares of the fleet that grow up to 1; a wave to which no board falls is left out. */
export function waveSizes(boards: number, shares: number[]): number[] {
    let before = 0
    return shares
        .map(share => {
            const upTo = Math.min(boards, Math.ceil(share * boards - 1e-9))
            const size = upTo - before
            before = upTo
            return size
        })
        .filter(size => size > 0)
}

/** How long a batch's slots take. */
export const slotsDurationMs = (slots: number, { slotSec }: SlotPlan) => slots * slotSec * 1000

/**
 * The batches, in order: each begins at a whole minute of working time, and its slots end within it.
 * @throws RangeError when no slot fits into the working hours, or there are too many batches
 */
export function scheduleBatches(options: ScheduleOptions): ScheduledBatch[] {
    const { waves, startMs, soakSec } = options
    const batches: ScheduledBatch[] = []
    let atMs = startMs
    let firstBoard = 0
    for (const [i, size] of waves.entries()) {
        for (let left = size; left > 0;) {
            const batch = nextBatch({ wave: i + 1, left, firstBoard, atMs }, options)
            if (batches.push(batch) > BATCHES_MAX)
                throw new RangeError(
                    `there would be more than ${BATCHES_MAX} batches: give more hours, or make larger ones`
                )
            left -= batch.boards
            firstBoard += batch.boards
            atMs = batch.startMs + slotsDurationMs(batch.slots, options.slots) + GAP_SEC * 1000
        }
        atMs += soakSec * 1000
    }
    return batches
}

interface Rest {
    wave: number
    /** Boards of the wave that have no batch yet. */
    left: number
    firstBoard: number
    /** When the next batch may begin. */
    atMs: number
}

/** The next batch of a wave: as many boards as fit into the first working time that is worth it. */
function nextBatch({ wave, left, firstBoard, atMs }: Rest, options: ScheduleOptions): ScheduledBatch {
    const { slots, calendar, batchMax } = options
    const wanted = Math.min(left, batchMax)
    for (let fromMs = atMs, isLater = false; ; isLater = true) {
        const window = calendar.nextWindow(fromMs)
        const startMs = Math.ceil(window.fromMs / MIN_MS) * MIN_MS
        const roomMs = Math.min(window.toMs - startMs, BATCH_MAX_MS)
        const room = Math.floor(roomMs / slotsDurationMs(1, slots)) * slots.boardsPerSlot
        if (room >= wanted || (room > 0 && (roomMs >= WORTH_MS || isLater))) {
            const boards = Math.min(wanted, room)
            return { wave, startMs, firstBoard, boards, slots: Math.ceil(boards / slots.boardsPerSlot) }
        }
        if (isLater) throw new RangeError(`a slot of ${slots.slotSec} s does not fit into the working hours`)
        fromMs = window.toMs
    }
}
