// This machine's clock against that of the service, as its `Date` header tells it.
import { fail, ok, type CheckOutcome, warn } from "./finding.js"

/** A hub was seen to refuse beyond this (facts 5.4; Azure/azure-iot-middleware-freertos#320). */
const REFUSED_SEC = 300
const TOLD_SEC = 60
/** `Date` has whole seconds, cut off: on average half of one is missing. */
const HALF_SEC_MS = 500

const CURE = "Set the clock, best by NTP (timedatectl set-ntp true)"

/**
 * How far this machine's clock is ahead, s; negative when it is behind; undefined when the header is none.
 * @param sentMs when the request left, by this machine's clock @param gotMs when the answer was there
 */
export function clockSkewSec(date: string | undefined, sentMs: number, gotMs: number): number | undefined {
    const serviceMs = Date.parse(date ?? "")
    if (Number.isNaN(serviceMs)) return undefined
    return Math.round(((sentMs + gotMs) / 2 - serviceMs - HALF_SEC_MS) / 1000)
}

export function skewOutcome(skewSec: number): CheckOutcome {
    const awaySec = Math.abs(skewSec)
    const what = `${awaySec} s ${skewSec < 0 ? "behind" : "ahead of"} the service's`
    if (awaySec > REFUSED_SEC) return fail(`${what}: tokens made here may be refused`, CURE)
    if (awaySec > TOLD_SEC) return warn(what, `${CURE}; beyond ${REFUSED_SEC} s tokens may be refused`)
    return ok(awaySec <= 1 ? "right to the second, by the service's" : what)
}
