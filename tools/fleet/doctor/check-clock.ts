// Compares the clock of this machine with the `Date` header of the service.
import { type CheckOutcome, fail, ok, warn } from "./finding.js"

/** A hub rejected tokens with a larger skew (protocol-facts.md, 5.4; Azure/azure-iot-middleware-freertos#320). */
const REJECTED_SKEW_SEC = 300
const WARNING_SKEW_SEC = 60
/** The `Date` header has whole seconds, rounded down. So the header is half a second behind on average. */
const ROUNDING_MS = 500

const CURE = "Set the clock, preferably with NTP (timedatectl set-ntp true)"

/** Times of a request and of its response, by the clock of this machine. */
export interface RequestTimes {
    sentMs: number
    receivedMs: number
}

/**
 * Returns how far the clock of this machine is ahead of the service's clock, in seconds (negative: behind).
 * Returns undefined if the `Date` header is missing or invalid.
 */
export function clockSkewSec(date: string | undefined, times: RequestTimes): number | undefined {
    const serviceMs = Date.parse(date ?? "")
    if (Number.isNaN(serviceMs)) return undefined
    const middleMs = (times.sentMs + times.receivedMs) / 2
    return Math.round((middleMs - serviceMs - ROUNDING_MS) / 1000)
}

/** Returns the outcome for a clock skew in seconds (negative: behind). */
export function skewOutcome(skewSec: number): CheckOutcome {
    const distanceSec = Math.abs(skewSec)
    const what = `${distanceSec} s ${skewSec < 0 ? "behind" : "ahead of"} the service's clock`
    if (distanceSec > REJECTED_SKEW_SEC)
        return fail(`${what}: the services may reject tokens of this machine`, CURE)
    if (distanceSec > WARNING_SKEW_SEC)
        return warn(what, `${CURE}; the services may reject tokens from ${REJECTED_SKEW_SEC} s on`)
    return ok(distanceSec <= 1 ? "at most 1 s from the service's clock" : what)
}
