// The retry policy: `next` maps (state, event) to a new state with an action and a delay. The rows
// F1 to F17 are those of docs/reference/policy.md, Failures. Pure: the caller supplies time and random numbers, waits
// for the delay and then does the action.

import { AgentEvent, type PolicyEvent } from "../contract/agent-event"
import { FaultKind } from "../contract/fault"
import { backoffCeilingMs, uniformMs } from "./backoff"

export const enum AgentPhase {
    /** Find the assignment, in flash or by status lookup. */
    FindHub,
    /** Get an assignment from DPS. */
    Register,
    /** Connect to the assigned hub and keep the session until it is stable. */
    Connect,
    /** The session is stable. */
    Moored,
}

export const enum AgentAction {
    /** Do the work of the phase. */
    Go,
    /** Set the clock and create a new token, then do the work of the phase. */
    RefreshClock,
    /** Reboot, because the socket worker may be blocked (runtime-facts.md, 3.2). */
    Reboot,
}

/** The phase of a board, its counters, and what it does next. */
export interface AgentState {
    phase: AgentPhase
    /** What the board does after `delayMs`. */
    action: AgentAction
    /** The wait before the action, 1 for none. */
    delayMs: number
    /** Consecutive failures since the last stable session. */
    failures: number
    /** Consecutive refusals. */
    refusals: number
    /** Consecutive timeouts. */
    timeouts: number
    /** Uptime in ms when the hub was lost, 0 while the hub is not lost. */
    lostMs: number
    /** The hub window: how long the board retries the same hub before it asks DPS. */
    windowMs: number
}

/** What the policy needs in addition to the state and the event. */
export interface PolicyInput {
    /** Delay that the service (`retry-after`) or a user (reprovisioning) requests, in s; 0 for none. */
    retryAfterSec: number
    /** Uptime in ms, more than 0. */
    nowMs: number
    /** Longest wait of a fleet that is throttled without `retry-after`: see `fleetThrottleCeilingMs`. */
    fleetMs: number
    /** A random number in [0, 1). */
    random: number
}

/** Connections to a hub are at least a minute apart (R27). */
export const HUB_GAP_MS = 60_000
/** The hub window is 30 min (R25: at least 15 min). */
export const HUB_WINDOW_MS = 30 * 60_000
/** The hub window doubles up to 4 h while DPS returns the same unreachable hub. */
export const HUB_WINDOW_MAX_MS = 4 * 3600_000
/** The first wait after a server error (R21: at least 5 s). */
export const SERVER_ERROR_MS = 5_000
/** The shortest wait when only an operator can solve the problem. */
export const SLOW_MS = 10 * 60_000
/** The longest wait of the exponential backoff. */
export const CAP_MS = 5 * 60_000
/** After more failures than this, a hub that still refuses the board is retried slowly. */
const MAX_REFUSED_FAILURES = 4
/** After more consecutive timeouts than this, the board reboots. */
const MAX_TIMEOUTS = 6

/** Returns the state of a board that has just booted. */
export function newAgentState(): AgentState {
    return {
        phase: AgentPhase.FindHub,
        action: AgentAction.Go,
        delayMs: 1,
        failures: 0,
        refusals: 0,
        timeouts: 0,
        lostMs: 0,
        windowMs: HUB_WINDOW_MS,
    }
}

/**
 * Returns the state that follows from an event. `before` does not change. A wait is never shorter than
 * `retryAfterSec`. After a failure it is up to a quarter longer (at least 1 s), which spreads a fleet.
 */
export function next(before: AgentState, event: PolicyEvent, input: PolicyInput): AgentState {
    const after = newAgentState()
    // A stable session resets all counters. A different hub gets a new hub window.
    if (event !== AgentEvent.Stable) {
        after.failures = before.failures
        if (event !== AgentEvent.Assigned) {
            after.phase = before.phase
            after.lostMs = before.lostMs
            after.windowMs = before.windowMs
        }
    }
    switch (event) {
        case AgentEvent.Stable:
            after.phase = AgentPhase.Moored
            break
        case AgentEvent.Known:
        case AgentEvent.Assigned:
            after.phase = AgentPhase.Connect
            break
        // F12: no assignment.
        case AgentEvent.Unknown:
            after.phase = AgentPhase.Register
            break
        // F11: DPS returns the same unreachable hub. Its window doubles and starts again.
        case AgentEvent.Returned:
            after.phase = AgentPhase.Connect
            if (after.lostMs > 0) {
                after.windowMs = Math.min(HUB_WINDOW_MAX_MS, 2 * after.windowMs)
                after.lostMs = input.nowMs
            }
            break
        // F14: reprovisioning. Register, after the requested delay.
        case AgentEvent.Reprovision:
            after.phase = AgentPhase.Register
            after.delayMs = uniformMs(input.retryAfterSec * 1000, 0, 0)
            break
        // F16: the token nears its expiry. Reconnect with a new token.
        case AgentEvent.Renew:
            after.phase = AgentPhase.Connect
            after.action = AgentAction.RefreshClock
            break
        // F15: no network. Count nothing and keep the pending action.
        case FaultKind.Offline:
            after.action = before.action
            after.refusals = before.refusals
            after.timeouts = before.timeouts
            after.delayMs = 1000
            break
        default:
            afterFault(before, after, event, input)
            break
    }
    return after
}

/** Completes `after` for a failure of DPS or of the hub: F1 to F13, except F12. */
function afterFault(before: AgentState, after: AgentState, kind: PolicyEvent, input: PolicyInput): void {
    const atHub = before.phase >= AgentPhase.Connect
    const failures = before.failures
    after.failures = failures + 1
    if (atHub) {
        after.phase = AgentPhase.Connect
        if (after.lostMs <= 0) after.lostMs = input.nowMs
    }
    // F1, F11 and every kind without a row of its own: backoff with full jitter, at the hub at least a minute.
    let minMs = atHub ? HUB_GAP_MS : 1000
    let maxMs = backoffCeilingMs(failures, 2 * minMs, CAP_MS)
    let needsOperator = false
    switch (kind) {
        // F3 (DPS), F9 (hub). First time: a new token for the same service. After that: DPS is retried slowly, and a
        // board with a hub registers. It registers slowly if neither a new token nor a registration has helped.
        case FaultKind.Refused:
            after.refusals = before.refusals + 1
            maxMs = 2 * minMs
            if (after.refusals < 2) after.action = AgentAction.RefreshClock
            else {
                needsOperator = !atHub || failures >= MAX_REFUSED_FAILURES
                if (atHub) after.phase = AgentPhase.Register
            }
            break
        // F6: DPS rejects the board. A status lookup repeats this answer until the board registers again.
        case FaultKind.Rejected:
            needsOperator = true
            if (!atHub) after.phase = AgentPhase.Register
            break
        // F4: DPS throttles. Without retry-after, the fleet formula gives the longest wait.
        case FaultKind.Throttled:
            maxMs = input.fleetMs
            break
        // F2, F5, F7 (DPS): at least 5 s. F10 (hub): at least 5 s the first time, then at least a minute. The range is
        // at least as wide as its minimum, or the boards of a fleet would return at the same moment.
        case FaultKind.ServerError:
        case FaultKind.Unavailable:
            if (!atHub || !failures) minMs = SERVER_ERROR_MS
            maxMs = Math.max(maxMs, 2 * minMs)
            break
        // F8: no answer of any kind. The socket worker may be blocked.
        case FaultKind.Timeout:
            after.timeouts = before.timeouts + 1
            if (after.timeouts > MAX_TIMEOUTS) after.action = AgentAction.Reboot
            break
    }
    if (needsOperator) {
        minMs = SLOW_MS
        maxMs = 2 * SLOW_MS
    }
    // F11: register when the hub window is over.
    if (atHub && input.nowMs - after.lostMs >= after.windowMs) after.phase = AgentPhase.Register
    // R5: never earlier than retry-after, and a little later, so that a fleet spreads.
    if (input.retryAfterSec > 0) {
        minMs = Math.max(minMs, input.retryAfterSec * 1000)
        maxMs = minMs + Math.max(1000, minMs / 4)
    }
    after.delayMs = uniformMs(minMs, maxMs, input.random)
}
