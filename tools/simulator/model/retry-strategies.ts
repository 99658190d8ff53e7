// How boards wait when DPS throttles them: ours, and the others that it is compared with.
import { FaultKind } from "@moorage/device/shared"
import { fleetThrottleCeilingMs, uniformMs } from "@moorage/device/shared"
import { type AgentState, newAgentState, next } from "@moorage/device/shared"

/** A way to wait after 429. */
export interface RetryStrategy {
    name: string
    /** Whether a board without a record looks itself up before it registers, as our firmware does. */
    looksUp: boolean
    /**
     * What follows from a 429; `delayMs` of it is the wait.
     * @param retryAfterSec 0 when DPS names none
     * @param nowMs uptime
     * @param chance in [0, 1); not asked by a strategy without jitter
     */
    afterThrottle(life: AgentState, retryAfterSec: number, nowMs: number, chance: () => number): AgentState
}

/** The fleet, as the seed's formula has it. */
export interface FleetNumbers {
    /** Over 0: how much of the service's rate the fleet may take. */
    load: number
    /** N */
    devices: number
    /** cps */
    perSec: number
}

/** The same life after one more failure, and a wait. */
function afterWait(life: AgentState, delayMs: number): AgentState {
    const n = newAgentState()
    n.phase = life.phase
    n.lostMs = life.lostMs
    n.windowMs = life.windowMs
    n.failures = Math.min(FAILURES_MAX, life.failures + 1)
    n.delayMs = delayMs
    return n
}

/** Beyond this many failures no strategy changes any more. */
const FAILURES_MAX = 16

/** retry-after when given, else the same wait each time: what a loop with a sleep in it does. */
export function noJitter(waitMs = 1000): RetryStrategy {
    return {
        name: "no jitter",
        looksUp: false,
        afterThrottle: (life, retryAfterSec) => afterWait(life, retryAfterSec * 1000 || waitMs),
    }
}

const SDK_MIN_MS = 1000
const SDK_MAX_MS = 100_000
const SDK_JITTER_MS = 5000

/**
 * azure-sdk-for-c with its recommended values: retry-after when given, else exponential, with jitter only where it
 * fits under the cap (facts 6.1). The attempt is clamped at 16: its overflow at attempts 29 and 30 is left out, and
 * `operation_msec` is 0.
 */
export function azureSdkForC(): RetryStrategy {
    return {
        name: "azure-sdk-for-c",
        looksUp: false,
        afterThrottle(life, retryAfterSec, _nowMs, chance) {
            if (retryAfterSec > 0) return afterWait(life, retryAfterSec * 1000)
            const delayMs = Math.min(SDK_MAX_MS, SDK_MIN_MS * 2 ** life.failures)
            const fits = SDK_MAX_MS - delayMs > SDK_JITTER_MS
            return afterWait(life, delayMs + (fits ? Math.floor(SDK_JITTER_MS * chance()) : 0))
        },
    }
}

/** The seed's "Timing logic when retrying operations", alone: retry-after when given, else its formula. */
export function requirementFormula({ load, devices, perSec }: FleetNumbers): RetryStrategy {
    const maxMs = fleetThrottleCeilingMs(load, devices, perSec)
    return {
        name: "the formula",
        looksUp: false,
        afterThrottle: (life, retryAfterSec, _nowMs, chance) =>
            afterWait(life, retryAfterSec * 1000 || uniformMs(1000, maxMs, chance())),
    }
}

/** Ours: devs/retry/retry-policy.ts as it stands. */
export function moorageStrategy({ load, devices, perSec }: FleetNumbers): RetryStrategy {
    const maxMs = fleetThrottleCeilingMs(load, devices, perSec)
    return {
        name: "Moorage",
        looksUp: true,
        afterThrottle: (life, retryAfterSec, nowMs, chance) =>
            next(life, FaultKind.Throttled, { retryAfterSec, nowMs, fleetMs: maxMs, random: chance() }),
    }
}
