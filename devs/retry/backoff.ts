// How long to wait: a number from (failures, limits, chance). Pure: no clock, no randomness of its own.

/** Beyond this many doublings any cap rules; it keeps the power far from overflow. */
const DOUBLINGS_MAX = 16

/**
 * A whole number of milliseconds in [minMs, maxMs], uniform: full jitter over the range.
 * @param random in [0, 1), from the hardware generator
 */
export function uniformMs(minMs: number, maxMs: number, random: number): number {
    const low = Math.max(1, minMs)
    const high = Math.max(low, maxMs)
    return low + Math.floor((high - low + 1) * random)
}

/**
 * The longest wait of exponential backoff after `failures` in a row; the wait itself is uniform up to it,
 * at the cap too (AWS, "Exponential Backoff And Jitter": full jitter).
 * @param failures from 0; clamped
 */
export function backoffTopMs(failures: number, baseMs: number, capMs: number): number {
    return Math.min(capMs, baseMs * Math.pow(2, Math.max(0, Math.min(DOUBLINGS_MAX, failures))))
}
