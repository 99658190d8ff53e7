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
    /** Failures of the hub since the last stable session. */
    failures: number
    /** Consecutive refusals by the hub. */
    refusals: number
    /** Failures of DPS since its last result. */
    dpsFailures: number
    /** Consecutive refusals by DPS. */
    dpsRefusals: number
    /** Consecutive timeouts of both services. */
    timeouts: number
    /** Whether the board has an assignment. A refused assignment stays known until DPS returns another one. */
    hasHub: boolean
    /** Whether the board must ask DPS. Until DPS answers, the board tries DPS and a known hub in turn. */
    needsDps: boolean
    /** Whether a user requested a reprovisioning that DPS has not answered. */
    isRequested: boolean
    /** Uptime in ms before which the board does not ask DPS. */
    dpsDueMs: number
    /** Uptime in ms before which the board does not connect to its hub after a failure. */
    hubDueMs: number
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
/** The longest wait before a call that is already due. The wait spreads a fleet. */
const DUE_MAX_MS = 5_000
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
        dpsFailures: 0,
        dpsRefusals: 0,
        timeouts: 0,
        hasHub: false,
        needsDps: false,
        isRequested: false,
        dpsDueMs: 0,
        hubDueMs: 0,
        lostMs: 0,
        windowMs: HUB_WINDOW_MS,
    }
}

/**
 * Returns the state that follows from an event. `before` does not change. A wait for DPS is never shorter than
 * `retryAfterSec`. After a failure it is up to a quarter longer (at least 1 s), which spreads a fleet.
 */
export function next(before: AgentState, event: PolicyEvent, input: PolicyInput): AgentState {
    const nowMs = input.nowMs
    // The waits of DPS stay valid whatever the hub does (R5).
    const after = { ...before }
    after.action = AgentAction.Go
    after.delayMs = 1
    after.refusals = 0
    after.dpsRefusals = 0
    after.timeouts = 0
    // A different hub and a stable session start a new hub window.
    if (event === AgentEvent.Assigned || event === AgentEvent.Stable) {
        after.hubDueMs = 0
        after.lostMs = 0
        after.windowMs = HUB_WINDOW_MS
    }
    switch (event) {
        // A stable session resets the counters of the hub. A requested reprovisioning stays pending.
        case AgentEvent.Stable:
            after.phase = AgentPhase.Moored
            after.failures = 0
            after.needsDps = before.isRequested
            break
        case AgentEvent.Known:
        case AgentEvent.Assigned:
            settle(after)
            break
        // F12: no assignment.
        case AgentEvent.Unknown:
            after.phase = AgentPhase.Register
            after.dpsFailures = 0
            break
        // F11: DPS returns the same unreachable hub. Its window doubles and starts again. R27 applies to this hub.
        case AgentEvent.Returned:
            settle(after)
            if (after.lostMs > 0) {
                after.windowMs = Math.min(HUB_WINDOW_MAX_MS, 2 * after.windowMs)
                after.lostMs = nowMs
                if (after.hubDueMs > nowMs) after.delayMs = after.hubDueMs - nowMs
            }
            break
        // F14: reprovisioning. Register, after the requested delay. If DPS must wait longer, return to the hub.
        case AgentEvent.Reprovision:
            after.isRequested = true
            after.needsDps = true
            after.dpsDueMs = Math.max(after.dpsDueMs, nowMs + uniformMs(input.retryAfterSec * 1000, 0, 0))
            after.hubDueMs = Math.max(after.hubDueMs, nowMs + HUB_GAP_MS)
            after.delayMs = Math.max(1, chooseService(after) - nowMs)
            break
        // F16: the token nears its expiry. Reconnect with a new token, or with the old one while DPS must not be asked.
        case AgentEvent.Renew:
            after.phase = AgentPhase.Connect
            if (after.dpsDueMs <= nowMs) after.action = AgentAction.RefreshClock
            break
        // F15: no network. Count nothing and keep the pending action.
        case FaultKind.Offline:
            after.action = before.action
            after.refusals = before.refusals
            after.dpsRefusals = before.dpsRefusals
            after.timeouts = before.timeouts
            after.delayMs = 1000
            break
        default:
            afterFault(before, after, event, input)
            break
    }
    return after
}

/** Completes `after` for a hub that the record, the status lookup or DPS gave. */
function settle(after: AgentState): void {
    after.phase = AgentPhase.Connect
    after.hasHub = true
    after.needsDps = false
    after.isRequested = false
    after.dpsFailures = 0
}

/**
 * Sets the phase: the service that is due first. DPS comes first if both are due at the same time. Returns the uptime in
 * ms at which this service is due.
 */
function chooseService(after: AgentState): number {
    if (after.hasHub) {
        after.phase = AgentPhase.Connect
        if (!after.needsDps || after.hubDueMs < after.dpsDueMs) return after.hubDueMs
        after.phase = AgentPhase.Register
    }
    return after.dpsDueMs
}

/** Completes `after` for a failure of DPS or of the hub: F1 to F13, except F12. */
function afterFault(before: AgentState, after: AgentState, kind: PolicyEvent, input: PolicyInput): void {
    const nowMs = input.nowMs
    // The clock comes from DPS, also on the way to the hub.
    const isClock = before.phase >= AgentPhase.Connect && before.action === AgentAction.RefreshClock
    const atHub = before.phase >= AgentPhase.Connect && !isClock
    const failures = atHub ? before.failures : before.dpsFailures
    // F1, F11 and every kind without a row of its own: backoff with full jitter, at the hub at least a minute.
    let minMs = atHub ? HUB_GAP_MS : 1000
    let maxMs = backoffCeilingMs(failures, 2 * minMs, CAP_MS)
    let needsOperator = false
    let refreshes = false
    if (atHub) {
        after.hasHub = true
        after.failures = failures + 1
        if (after.lostMs <= 0) after.lostMs = nowMs
        // F11: ask DPS when the hub window is over.
        if (nowMs - after.lostMs >= after.windowMs) after.needsDps = true
    } else {
        after.dpsFailures = failures + 1
        // Refusals by the hub stay counted while DPS fails. A refusal counts as the second one only if the clock was set.
        if (!isClock) after.refusals = before.refusals
    }
    switch (kind) {
        // F3 (DPS), F9 (hub). First time: a new token for the same service. After that: DPS is retried slowly, and a
        // board with a hub asks DPS. It does both slowly if neither a new token nor a registration has helped.
        case FaultKind.Refused:
            if (failures < MAX_REFUSED_FAILURES) maxMs = 2 * minMs
            if (atHub) {
                after.refusals = before.refusals + 1
                refreshes = after.refusals < 2
                needsOperator = !refreshes && !before.needsDps && failures >= MAX_REFUSED_FAILURES
            } else {
                after.dpsRefusals = before.dpsRefusals + 1
                refreshes = after.dpsRefusals < 2
                needsOperator = !refreshes
            }
            break
        // F6: DPS rejects the board. A status lookup repeats this answer until the board registers again.
        case FaultKind.Rejected:
            needsOperator = true
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
    // F14: a board whose hub is well returns to it and repeats the request slowly. It drops its session for each try.
    if (!atHub && after.isRequested && after.lostMs <= 0) needsOperator = true
    if (needsOperator) {
        minMs = SLOW_MS
        maxMs = 2 * SLOW_MS
    }
    // R5: never earlier than retry-after, and a little later, so that a fleet spreads.
    if (input.retryAfterSec > 0) {
        minMs = Math.max(minMs, input.retryAfterSec * 1000)
        maxMs = minMs + Math.max(1000, minMs / 4)
    }
    const untilMs = nowMs + uniformMs(minMs, maxMs, input.random)
    const unreachable = kind === FaultKind.Network || kind === FaultKind.Timeout
    if (atHub) {
        after.hubDueMs = untilMs
        // F9: after the second refusal, DPS waits like the hub. A registration that does not help stays rare.
        if (after.refusals >= 2 && !after.needsDps) {
            after.needsDps = true
            after.dpsDueMs = Math.max(after.dpsDueMs, untilMs)
        }
    } else {
        after.dpsDueMs = untilMs
        // R27: without the time, the board returns to its hub with its old token, at least a minute later.
        if (isClock) after.hubDueMs = nowMs + uniformMs(HUB_GAP_MS, 2 * HUB_GAP_MS, input.random)
        // F13: a registration replaces a lookup that DPS refuses, or that fails twice although DPS is reachable.
        if (refreshes || needsOperator || (failures > 0 && !unreachable)) after.phase = AgentPhase.Register
        // The uplink of the board may be down. The hub window starts again, so that the board returns to its hub first.
        if (unreachable && before.phase === AgentPhase.Register && !after.isRequested && after.refusals < 2) {
            after.needsDps = false
            if (after.lostMs > 0) after.lostMs = nowMs
        }
    }
    const leftMs = chooseService(after) - nowMs
    // R5: the clock comes from DPS, which the board does not ask before DPS is due.
    const isDpsDue = !atHub || after.dpsDueMs <= after.hubDueMs
    if (refreshes && isDpsDue && atHub === after.phase >= AgentPhase.Connect)
        after.action = AgentAction.RefreshClock
    if (refreshes && !isDpsDue) after.refusals = 0
    after.delayMs = leftMs >= 1000 ? leftMs : uniformMs(1000, DUE_MAX_MS, input.random)
}
