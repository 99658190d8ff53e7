// What went wrong, or well -> what the board does: the table of ARCHITECTURE, as one function from (state, event)
// to (next state, action, delay). Pure: the caller brings time and chance, waits, and does what the action says.

import { FaultKind } from "../contract/fault"
import { backoffCeilingMs, uniformMs } from "./backoff"

export const enum AgentPhase {
    /** Find the assignment that outlived the power cut. */
    FindHub,
    /** Ask DPS for an assignment. */
    Register,
    /** Connect to the assigned hub, and hold the session until it is stable. */
    Connect,
    /** The session is stable. */
    Moored,
}

/** What can happen to a board. The kinds of Fault are events too: these follow them. */
export const enum AgentEvent {
    /** An assignment was found. */
    Known = 9,
    /** None was. */
    Unknown,
    /** DPS gave a hub. */
    Assigned,
    /** DPS gave the hub that the board had before. */
    Returned,
    /** The session has been stable for `stableSec`. */
    Stable,
    /** The user asks for a new assignment; `retryAfterSec` is the delay wanted. */
    Reprovision,
    /** The token is at 70 to 85 % of its life. */
    Renew,
}

/** The last event; for tests of totality. */
export const EVENT_MAX = AgentEvent.Renew

export const enum AgentAction {
    /** Do what the next state says. */
    Go,
    /** The same, with a fresh clock and a fresh token. */
    RefreshClock,
    /** Reboot: the socket worker may be wedged (facts 3.2). */
    Reboot,
}

/** Where a board is, what it counts, and what it does next. */
export interface AgentState {
    state: AgentPhase
    /** Done after `delayMs`. */
    action: AgentAction
    delayMs: number
    /** Failures in a row since the last stable session. */
    failures: number
    /** Refusals in a row. */
    refusals: number
    /** Silences in a row. */
    timeouts: number
    /** When the hub was lost, in ms of uptime; 0 while it is not. */
    lostMs: number
    /** How long the same hub is tried before DPS is asked. */
    windowMs: number
}

/** Hub connects: at least a minute between tries (seed, "Retry IoT Hub connection"). */
export const HUB_GAP_MS = 60_000
/** The same hub for this long before going back to DPS (seed: 15 min, better 30). */
export const HUB_WINDOW_MS = 30 * 60_000
/** What the window doubles up to, while DPS hands back the same dead hub. */
export const HUB_WINDOW_MAX_MS = 4 * 3600_000
/** First wait after a server error (seed: at least 5 s). */
export const SERVER_ERROR_MS = 5_000
/** What only an operator can mend is asked about this rarely. */
export const SLOW_MS = 10 * 60_000
export const CAP_MS = 5 * 60_000
/** So many failures without a stable session: a registered board that its hub still refuses slows down. */
const MAX_REFUSED_FAILURES = 4
/** So many silences in a row and the board suspects itself. */
const MAX_TIMEOUTS = 6

/** A board that has just booted. */
export function newAgentState(): AgentState {
    return {
        state: AgentPhase.FindHub,
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
 * What follows from `event` in `life`: a new Life; `life` stays as it is.
 * @param event an Event, or the FaultKind of a fault
 * @param retryAfterSec as the service said, or 0: never less than that, up to a quarter of it (at least 1 s)
 * more, so that a fleet spreads
 * @param nowMs uptime, more than 0
 * @param fleetMs the longest wait of a fleet that is throttled without retry-after: see fleetMs()
 * @param random in [0, 1)
 */
export function next(
    life: AgentState,
    event: number,
    retryAfterSec: number,
    nowMs: number,
    fleetMs: number,
    random: number
): AgentState {
    const n = newAgentState()
    // A stable session resets backoff and window, and nothing else does; another hub has its own window.
    if (event === AgentEvent.Stable) {
        n.state = AgentPhase.Moored
        return n
    }
    n.failures = life.failures
    if (event === AgentEvent.Assigned) {
        n.state = AgentPhase.Connect
        return n
    }
    n.state = life.state
    n.windowMs = life.windowMs
    n.lostMs = life.lostMs
    switch (event) {
        case AgentEvent.Known:
            n.state = AgentPhase.Connect
            return n
        case AgentEvent.Unknown:
            n.state = AgentPhase.Register
            return n
        // DPS hands back the same dead hub: the window doubles, up to 4 h.
        case AgentEvent.Returned:
            n.state = AgentPhase.Connect
            if (n.lostMs > 0) {
                n.windowMs = Math.min(HUB_WINDOW_MAX_MS, 2 * n.windowMs)
                n.lostMs = nowMs
            }
            return n
        // Method, message, desired property or button: register, after the delay wanted.
        case AgentEvent.Reprovision:
            n.state = AgentPhase.Register
            n.delayMs = uniformMs(retryAfterSec * 1000, 0, 0)
            return n
        // 70 to 85 % of the token's life: reconnect with a fresh one.
        case AgentEvent.Renew:
            n.state = AgentPhase.Connect
            n.action = AgentAction.RefreshClock
            return n
        // No network of its own: no try, nothing changes; what was to be done still is.
        case FaultKind.Offline:
            n.action = life.action
            n.refusals = life.refusals
            n.timeouts = life.timeouts
            n.delayMs = 1000
            return n
        default:
            break
    }
    // What goes wrong: exponential backoff with full jitter, at the hub never under a minute, unless a row says else.
    const hub = life.state >= AgentPhase.Connect
    if (hub) {
        n.state = AgentPhase.Connect
        if (n.lostMs <= 0) n.lostMs = nowMs
    }
    const failures = n.failures
    n.failures = failures + 1
    let minMs = hub ? HUB_GAP_MS : 1000
    let maxMs = backoffCeilingMs(failures, 2 * minMs, CAP_MS)
    switch (event) {
        // CONNACK 4 or 5, 401, 403: first a fresh clock and token. Then DPS is asked rarely (a key problem), and the
        // hub's board registers; rarely too, when neither a new token nor a new registration has helped.
        case FaultKind.Refused:
            n.refusals = life.refusals + 1
            maxMs = 2 * minMs
            if (n.refusals < 2) n.action = AgentAction.RefreshClock
            else {
                if (!hub || failures >= MAX_REFUSED_FAILURES) minMs = SLOW_MS
                if (hub) n.state = AgentPhase.Register
            }
            break
        // `failed`, `disabled`, a request that is never taken: the operator's matter. A lookup that says so will not
        // say anything else before the board registers.
        case FaultKind.Rejected:
            minMs = SLOW_MS
            if (!hub) n.state = AgentPhase.Register
            break
        // 429: retry-after, see below, or else the fleet's formula.
        case FaultKind.Throttled:
            maxMs = fleetMs
            break
        // 5xx; CONNACK 3; a hub that closes at once after CONNACK: 5 s at least, at the hub the first time only; and
        // up to twice that, or a fleet would come back in one moment.
        case FaultKind.ServerError:
        case FaultKind.Unavailable:
            if (!hub || !failures) minMs = SERVER_ERROR_MS
            maxMs = Math.max(maxMs, 2 * minMs)
            break
        // No answer at all, so many times in a row: the socket worker may be wedged.
        case FaultKind.Timeout:
            n.timeouts = life.timeouts + 1
            if (n.timeouts > MAX_TIMEOUTS) n.action = AgentAction.Reboot
            break
        // DNS, TCP or TLS failed, the link was lost, no CONNACK, or what came makes no sense.
        default:
            break
    }
    if (minMs === SLOW_MS) maxMs = 2 * SLOW_MS
    // Disconnected: the same hub for the window, then registration.
    if (hub && nowMs - n.lostMs >= n.windowMs) n.state = AgentPhase.Register
    // retry-after: never sooner, and a little later, so that a fleet spreads.
    if (retryAfterSec > 0) {
        minMs = Math.max(minMs, retryAfterSec * 1000)
        maxMs = minMs + Math.max(1000, minMs / 4)
    }
    n.delayMs = uniformMs(minMs, maxMs, random)
    return n
}
