// How long to wait: a number from (failures, limits, chance). Pure: no clock, no randomness of its own.
// Each comparison is written so that NaN fails it: whatever comes in, a wait goes out.

/** Beyond this many doublings any cap rules; it keeps the power far from overflow. */
const DOUBLINGS_MAX = 16
/** A longer wait than a day is likelier a mistake than a wish; what spreads it may double it. */
export const WAIT_MAX_MS = 86_400_000

/**
 * Milliseconds in [minMs, maxMs], uniform, whole if these are: full jitter over the range. At least 1; minMs when
 * maxMs is less; minMs counts as a day at most, maxMs as two.
 * @param random in [0, 1), from the hardware generator
 */
export function uniformMs(minMs: number, maxMs: number, random: number): number {
    const low = minMs > 1 ? Math.min(WAIT_MAX_MS, minMs) : 1
    const high = maxMs > low ? Math.min(2 * WAIT_MAX_MS, maxMs) : low
    return low + Math.floor((high - low + 1) * random)
}

/**
 * The longest wait of exponential backoff after `failures` in a row; the wait itself is uniform up to it,
 * at the cap too (AWS, "Exponential Backoff And Jitter": full jitter).
 * @param failures from 0; clamped
 */
export function backoffCeilingMs(failures: number, baseMs: number, capMs: number): number {
    return Math.min(capMs, baseMs * Math.pow(2, failures > 0 ? Math.min(DOUBLINGS_MAX, failures) : 0))
}

/**
 * The longest wait of a fleet that is throttled without retry-after: (1 / load) * (N / cps), in ms (seed, "Timing
 * logic when retrying operations"); the shortest is 1 s.
 * @param load over 0: how much of the service's rate the fleet may take
 * @param devices N, how many boards there are
 * @param perSec cps, how many of them the service takes a second
 */
export function fleetThrottleCeilingMs(load: number, devices: number, perSec: number): number {
    const ms = ((1 / load) * devices * 1000) / perSec
    return ms > 1000 ? Math.round(Math.min(WAIT_MAX_MS, ms)) : 1000
}

/**
 * When a board first registers: its slot, and anywhere within it, in ms from power-on.
 * @param slot from 0
 * @param slotSec length of a slot; 0 for no stagger
 */
export function slotMs(slot: number, slotSec: number, random: number): number {
    return Math.floor((slot + random) * slotSec * 1000)
}
