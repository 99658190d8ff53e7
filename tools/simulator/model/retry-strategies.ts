// Strategies for the wait of a board that DPS throttles: the strategy of the firmware, and others for comparison.
import {
    type AgentState,
    FaultKind,
    fleetThrottleCeilingMs,
    newAgentState,
    next,
    uniformMs,
} from "@moorage/device/shared"

/** The input of a strategy for one 429. */
export interface ThrottleInput {
    /** 0 without `retry-after`. */
    retryAfterSec: number
    /** Uptime. */
    nowMs: number
    /** Returns a number in [0, 1). A strategy without jitter does not call it. */
    random: () => number
}

/** A strategy for the wait after 429. */
export interface RetryStrategy {
    name: string
    /** Whether a board without a record calls the status lookup before it registers, as the tight image does. */
    usesLookup: boolean
    /** Returns the state after a 429. Its `delayMs` is the wait. */
    afterThrottle(state: AgentState, input: ThrottleInput): AgentState
}

/** The fleet in the formula of R6. */
export interface FleetNumbers {
    /** Share of the service's rate that the fleet may use, greater than 0. */
    load: number
    /** `N` of the formula. */
    devices: number
    /** `cps` of the formula, in connections per second. */
    perSec: number
}

/** Returns the state after one more failure, with a wait. */
function afterWait(state: AgentState, delayMs: number): AgentState {
    const after = newAgentState()
    after.phase = state.phase
    after.lostMs = state.lostMs
    after.windowMs = state.windowMs
    after.hasHub = state.hasHub
    after.needsDps = state.needsDps
    after.failures = state.failures
    after.dpsFailures = Math.min(FAILURES_MAX, state.dpsFailures + 1)
    after.delayMs = delayMs
    return after
}

/** After this many failures no strategy changes its wait. */
const FAILURES_MAX = 16

/** Returns the strategy of a simple loop: waits for `retry-after`, or always `waitMs`. */
export function noJitter(waitMs = 1000): RetryStrategy {
    return {
        name: "no jitter",
        usesLookup: false,
        afterThrottle: (state, { retryAfterSec }) => afterWait(state, retryAfterSec * 1000 || waitMs),
    }
}

const SDK_MIN_MS = 1000
const SDK_MAX_MS = 100_000
const SDK_JITTER_MS = 5000

/**
 * Returns the strategy of azure-sdk-for-c with its recommended values (protocol-facts.md, section 6.1): waits for
 * `retry-after`, or an exponential time with jitter only where the jitter fits under the maximum. The number of attempts
 * is limited to 16, so that the overflow at attempts 29 and 30 does not occur. `operation_msec` is 0.
 */
export function azureSdkForC(): RetryStrategy {
    return {
        name: "azure-sdk-for-c",
        usesLookup: false,
        afterThrottle(state, { retryAfterSec, random }) {
            if (retryAfterSec > 0) return afterWait(state, retryAfterSec * 1000)
            const delayMs = Math.min(SDK_MAX_MS, SDK_MIN_MS * 2 ** state.dpsFailures)
            const fits = SDK_MAX_MS - delayMs > SDK_JITTER_MS
            return afterWait(state, delayMs + (fits ? Math.floor(SDK_JITTER_MS * random()) : 0))
        },
    }
}

/** Returns the strategy of R5 and R6 alone: waits for `retry-after`, or a random time by the formula. */
export function requirementFormula({ load, devices, perSec }: FleetNumbers): RetryStrategy {
    const maxMs = fleetThrottleCeilingMs(load, devices, perSec)
    return {
        name: "the formula",
        usesLookup: false,
        afterThrottle: (state, { retryAfterSec, random }) =>
            afterWait(state, retryAfterSec * 1000 || uniformMs(1000, maxMs, random())),
    }
}

/** Returns the strategy of the firmware, which is devs/retry/retry-policy.ts. */
export function moorageStrategy({ load, devices, perSec }: FleetNumbers): RetryStrategy {
    const maxMs = fleetThrottleCeilingMs(load, devices, perSec)
    return {
        name: "Moorage",
        usesLookup: true,
        afterThrottle: (state, { retryAfterSec, nowMs, random }) =>
            next(state, FaultKind.Throttled, { retryAfterSec, nowMs, fleetMs: maxMs, random: random() }),
    }
}
