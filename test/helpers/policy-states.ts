// Shared by the tests of the retry policy: all phases and events, fast-check generators, and a call with defaults.
import * as contract from "@moorage/device/shared"
import fc from "fast-check"
import { FaultKind } from "../../devs/contract/fault"
import {
    AgentAction,
    AgentPhase,
    type AgentState,
    HUB_WINDOW_MAX_MS,
    HUB_WINDOW_MS,
    newAgentState,
    next,
} from "../../devs/retry/retry-policy"

export const FLEET_MS = 60_000
export const HOUR_MS = 3600_000
export const PHASES = [AgentPhase.FindHub, AgentPhase.Register, AgentPhase.Connect, AgentPhase.Moored]
export const ACTIONS = [AgentAction.Go, AgentAction.RefreshClock, AgentAction.Reboot]
/** Returns the members of a `const enum`. TypeScript has no list of them, but the compiled module has one. */
function membersOf(name: "AgentEvent" | "FaultKind"): number[] {
    const members = Object.values((contract as unknown as Record<string, object>)[name]) as unknown[]
    return members.filter(member => typeof member === "number")
}

export const FAULT_KINDS = membersOf("FaultKind")
/** The events that are not failures. */
export const AGENT_EVENTS = membersOf("AgentEvent")
export const EVENTS = [...FAULT_KINDS, ...AGENT_EVENTS]
/** The events that are failures of a service; a missing network is not one of them. */
export const FAULTS = FAULT_KINDS.filter(kind => kind !== FaultKind.Offline)

/** A random number as the policy gets it. */
export const randomUnit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
export const uptimeMs = fc.integer({ min: 1, max: 45 * 24 * HOUR_MS })
/** Any number that a faulty peer, setting or clock can produce, including NaN, infinities and negative numbers. */
export const anyNumber = fc.oneof(
    fc.double(),
    fc.constantFrom(NaN, Infinity, -Infinity, -1, 0, 2 ** 31, 2 ** 53)
)
export const agentStates = fc.record({
    phase: fc.constantFrom(...PHASES),
    action: fc.constantFrom(...ACTIONS),
    delayMs: fc.nat(),
    failures: fc.nat(),
    refusals: fc.nat(),
    dpsFailures: fc.nat(),
    dpsRefusals: fc.nat(),
    timeouts: fc.nat(),
    hasHub: fc.boolean(),
    needsDps: fc.boolean(),
    isRequested: fc.boolean(),
    dpsDueMs: fc.nat(1000),
    hubDueMs: fc.nat(1000),
    lostMs: fc.nat(45 * 24 * HOUR_MS),
    windowMs: fc.constantFrom(HUB_WINDOW_MS, 2 * HUB_WINDOW_MS, HUB_WINDOW_MAX_MS),
})

/** Returns a new state in this phase, with the given fields replaced. */
export function stateIn(phase: AgentPhase, fields: Partial<AgentState> = {}): AgentState {
    return { ...newAgentState(), phase, hasHub: phase >= AgentPhase.Connect, ...fields }
}

/** Returns the decision of the policy on an event. */
export function decide(
    state: AgentState,
    event: number,
    { retryAfterSec = 0, nowMs = 1000, fleetMs = FLEET_MS, random = 0 } = {}
): AgentState {
    return next(state, event, { retryAfterSec, nowMs, fleetMs, random })
}

/** Returns whether the event means that the service itself is in trouble. */
export function isServerError(event: number): boolean {
    return event === FaultKind.ServerError || event === FaultKind.Unavailable
}
