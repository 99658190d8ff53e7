// No state of devs/retry/retry-policy.ts loses a hub that accepts the board, whatever DPS answers. The search visits every
// state that the policy can reach, up to the limits of `abstractOf`.
import { describe, expect, test } from "vitest"
import { AgentEvent } from "../../../../devs/contract/agent-event"
import { FaultKind } from "../../../../devs/contract/fault"
import {
    AgentAction,
    AgentPhase,
    type AgentState,
    CAP_MS,
    HUB_GAP_MS,
    HUB_WINDOW_MS,
    newAgentState,
    SLOW_MS,
} from "../../../../devs/retry/retry-policy"
import { decide, FAULTS, stateIn } from "../../../helpers/policy-states.js"

/** The longest wait for a hub: a hub that still refuses a board that DPS assigned to it. */
const HUB_WAIT_MAX_MS = 2 * SLOW_MS
/** The longest wait after a failed call for the clock, which replaces the wait for the hub. */
const CLOCK_WAIT_MAX_MS = 2 * HUB_GAP_MS
/** The longest wait for a call that is already due. */
const DUE_WAIT_MAX_MS = 5_000
/** The longest call of DPS in the search. */
const CALL_MAX_MS = 90_000
/** The longest wait that DPS can request. */
const RETRY_AFTER_SEC = 86_400
const RANDOM_NUMBERS = [0, 0.999999]

interface Node {
    state: AgentState
    nowMs: number
}

/** Every answer of DPS that is not an assignment. */
const DPS_FAULTS = FAULTS.flatMap(event =>
    [0, 30, RETRY_AFTER_SEC].map(retryAfterSec => ({ event, retryAfterSec }))
)
const HUB_EVENTS = [AgentEvent.Stable, AgentEvent.Reprovision, AgentEvent.Renew]

const callsDps = ({ phase, action }: AgentState) =>
    phase < AgentPhase.Connect || action === AgentAction.RefreshClock

/** Returns the state that the agent has when it begins its action. A reboot finds the hub in the record. */
function beginOf({ state, nowMs }: Node): Node {
    const dueMs = nowMs + state.delayMs
    if (state.action !== AgentAction.Reboot) return { state: { ...state, delayMs: 1 }, nowMs: dueMs }
    return { state: decide(newAgentState(), AgentEvent.Known, { nowMs: 1000 }), nowMs: 1000 }
}

/** Returns a text that is equal for states with the same future: counters above their limits and past times are equal. */
function abstractOf({ state, nowMs }: Node): string {
    const levelOf = (dueMs: number) =>
        [0, 60_000, CAP_MS, 2 * SLOW_MS].filter(ms => dueMs - nowMs > ms).length
    return JSON.stringify([
        state.phase,
        state.action,
        Math.min(5, state.failures),
        Math.min(3, state.refusals),
        Math.min(2, state.dpsFailures),
        Math.min(2, state.dpsRefusals),
        state.timeouts,
        state.hasHub,
        state.needsDps,
        state.isRequested,
        levelOf(state.dpsDueMs),
        levelOf(state.hubDueMs),
        state.dpsDueMs <= state.hubDueMs,
        state.lostMs > 0 && nowMs - state.lostMs >= state.windowMs - HUB_WINDOW_MS,
        state.windowMs / HUB_WINDOW_MS,
    ])
}

/** Returns the nodes that can follow, without time that passes in a call. */
function successors({ state, nowMs }: Node): Node[] {
    const found: Node[] = []
    const add = (event: number, retryAfterSec = 0, tookMs = 0) => {
        for (const random of RANDOM_NUMBERS) {
            const atMs = nowMs + tookMs
            found.push(
                beginOf({ state: decide(state, event, { retryAfterSec, nowMs: atMs, random }), nowMs: atMs })
            )
        }
    }
    if (callsDps(state)) {
        for (const { event, retryAfterSec } of DPS_FAULTS) add(event, retryAfterSec)
        if (state.action === AgentAction.RefreshClock)
            found.push({ state: { ...state, action: AgentAction.Go }, nowMs })
        else for (const event of [AgentEvent.Assigned, AgentEvent.Returned]) add(event)
    } else {
        for (const event of FAULTS) for (const tookMs of [0, HUB_WINDOW_MS]) add(event, 0, tookMs)
        for (const event of HUB_EVENTS)
            if (event !== AgentEvent.Stable || state.phase !== AgentPhase.Moored) add(event)
    }
    return found
}

/** Returns all reachable nodes with a known hub, one for each abstract state. @throws Error if there are too many */
function reachableNodes(limit: number): Node[] {
    const nodes = new Map<string, Node>()
    const open: Node[] = [{ state: stateIn(AgentPhase.Connect), nowMs: 1000 }]
    for (let node = open.pop(); node; node = open.pop())
        for (const successor of successors(node)) {
            const key = abstractOf(successor)
            if (nodes.has(key)) continue
            if (nodes.size >= limit) throw new Error(`More than ${limit} states`)
            nodes.set(key, successor)
            open.push(successor)
        }
    return [...nodes.values()]
}

/**
 * Expects that no answer of DPS delays the connection to the hub. Either the next call is the hub, at the time at which
 * the hub is due, or it is DPS, before that time, and the time stays the same. By induction, the board connects when its
 * hub is due, after the call of DPS that is then running.
 */
function expectNoDelay({ state, nowMs }: Node): void {
    const isClock = state.phase === AgentPhase.Connect
    for (const tookMs of [0, CALL_MAX_MS])
        for (const { event, retryAfterSec } of DPS_FAULTS)
            for (const random of RANDOM_NUMBERS) {
                const atMs = nowMs + tookMs
                const after = decide(state, event, { retryAfterSec, nowMs: atMs, random })
                const beginMs = atMs + after.delayMs
                const waitMaxMs = isClock ? CLOCK_WAIT_MAX_MS : DUE_WAIT_MAX_MS
                const dueMs = Math.max(state.hubDueMs, atMs + waitMaxMs)
                const detail = JSON.stringify({ state, event, retryAfterSec, random, after })
                expect(beginMs, detail).toBeLessThanOrEqual(dueMs)
                expect(after.hubDueMs, detail).toBeLessThanOrEqual(isClock ? dueMs : state.hubDueMs)
                if (callsDps(after)) expect(beginMs, detail).toBeLessThanOrEqual(after.hubDueMs)
                // The clock is asked for at most once between two connections to the hub.
                const isClockAgain = after.phase === AgentPhase.Connect && callsDps(after)
                expect(isClockAgain, detail).toBe(false)
            }
}

describe("a board with a known hub that accepts it from now on", () => {
    const nodes = reachableNodes(200_000)

    test("connects when its hub is due, from every reachable state, whatever DPS answers", () => {
        expect(nodes.length).toBeGreaterThan(1000)
        for (const node of nodes) {
            expect(node.state.hasHub).toBe(true)
            if (callsDps(node.state)) expectNoDelay(node)
        }
    })

    test("has a hub that is due at most 20 min after a failure of the hub, 5 min without a refusal", () => {
        for (const { state, nowMs } of nodes.filter(node => !callsDps(node.state)))
            for (const event of FAULTS)
                for (const random of RANDOM_NUMBERS) {
                    const waitMs = decide(state, event, { nowMs, random }).hubDueMs - nowMs
                    expect(waitMs).toBeGreaterThanOrEqual(1000)
                    const isSlow = event === FaultKind.Refused || event === FaultKind.Rejected
                    expect(waitMs).toBeLessThanOrEqual(isSlow ? HUB_WAIT_MAX_MS : CAP_MS)
                }
    })

    test("moors when the session is stable", () => {
        for (const { state, nowMs } of nodes.filter(node => !callsDps(node.state)))
            expect(decide(state, AgentEvent.Stable, { nowMs }).phase).toBe(AgentPhase.Moored)
    })
})
