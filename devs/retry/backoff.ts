// Computes waits from the number of failures, the limits and a random number. Pure: no clock, no random generator.
// Each comparison is written so that it is false for NaN. Every result is therefore a valid wait.

/** More doublings than this exceed every cap. The limit keeps the power far from an overflow. */
const DOUBLINGS_MAX = 16
/** A `retry-after` of more than a day is probably a mistake. Jitter may double the wait. */
export const WAIT_MAX_MS = 86_400_000

/**
 * Returns a uniformly distributed wait in [minMs, maxMs] (full jitter), a whole number if both limits are whole. The
 * wait is at least 1 ms. It is minMs if maxMs is less. minMs is limited to one day and maxMs to two days.
 * @param random in [0, 1), from the hardware generator
 */
export function uniformMs(minMs: number, maxMs: number, random: number): number {
    const low = minMs > 1 ? Math.min(WAIT_MAX_MS, minMs) : 1
    const high = maxMs > low ? Math.min(2 * WAIT_MAX_MS, maxMs) : low
    return low + Math.floor((high - low + 1) * random)
}

/**
 * Returns the longest wait of exponential backoff in ms. The wait itself is uniform up to this value, also at the cap
 * (AWS, "Exponential Backoff And Jitter", full jitter; R4).
 * @param failures consecutive failures; a negative number counts as 0
 */
export function backoffCeilingMs(failures: number, baseMs: number, capMs: number): number {
    return Math.min(capMs, baseMs * Math.pow(2, failures > 0 ? Math.min(DOUBLINGS_MAX, failures) : 0))
}

/**
 * Returns the longest wait in ms of a fleet that is throttled without `retry-after`: (1 / load) * (N / cps) seconds,
 * at least 1 s and at most a day (R6). The shortest wait is 1 s.
 * @param load part of the service's rate that the fleet may use, more than 0
 * @param devices N, the number of boards in the fleet
 * @param perSec cps, the number of boards that the service accepts per second
 */
export function fleetThrottleCeilingMs(load: number, devices: number, perSec: number): number {
    const ms = ((1 / load) * devices * 1000) / perSec
    return ms > 1000 ? Math.round(Math.min(WAIT_MAX_MS, ms)) : 1000
}

/**
 * Returns when a new board registers, in ms after power-on: a random time within its slot (R1).
 * @param slot number of the slot, from 0
 * @param slotSec length of a slot, 0 for no slots
 * @param random in [0, 1)
 */
export function slotMs(slot: number, slotSec: number, random: number): number {
    return Math.floor((slot + random) * slotSec * 1000)
}
