// Sequences of decisions of devs/retry/retry-policy.ts: no path reaches DPS or a hub too early.
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { AgentEvent } from "../../../../devs/contract/agent-event"
import { FaultKind } from "../../../../devs/contract/fault"
import {
    AgentAction,
    AgentPhase,
    type AgentState,
    HUB_GAP_MS,
    HUB_WINDOW_MS,
    SERVER_ERROR_MS,
    SLOW_MS,
} from "../../../../devs/retry/retry-policy"
import {
    agentStates,
    decide,
    FAULTS,
    HOUR_MS,
    isServerError,
    PHASES,
    randomUnit,
    stateIn,
} from "../../../helpers/policy-states.js"

/** The clock was set: the action `RefreshClock` succeeded. */
const CLOCK_SET = -1

/** The state of a board on a path, and what the rules need to know about its past. */
interface PathStep {
    state: AgentState
    /** When the action of `state` begins. */
    atMs: number
    /** When the hub was lost, last returned by DPS, or stable for the last time before DPS could not be reached. */
    lostMs?: number
    /** Whether the hub failed since the last stable session. */
    hasHubFailed: boolean
    /** Refusals by the hub with a new token in between. */
    refusals: number
    /** Whether the clock was set since the last refusal. */
    isClockSet: boolean
    /** Whether the board has a reason to register. The reason ends with an answer of DPS or a stable session. */
    mayRegister: boolean
    /** Earliest time of the next call of DPS. */
    dpsFromMs: number
    /** Earliest time of the next connection to the hub. */
    hubFromMs: number
    /** When the last registration that gave a hub began; undefined after a request for another registration. */
    registeredMs?: number
}

/** One event of a path, `tookMs` after the action began. */
interface PathEvent {
    event: number
    tookMs?: number
    retryAfterSec?: number
    random?: number
}

const isAtHub = (phase: AgentPhase) => phase === AgentPhase.Connect || phase === AgentPhase.Moored
const callsDps = ({ phase, action }: AgentState) => !isAtHub(phase) || action === AgentAction.RefreshClock

/** Returns the events that can happen in a state: every failure, and the results of its action. */
function eventsIn({ phase, action }: AgentState): number[] {
    const failures = [...FAULTS, FaultKind.Offline]
    if (action === AgentAction.RefreshClock) return [...failures, CLOCK_SET]
    const results = {
        [AgentPhase.FindHub]: [AgentEvent.Known, AgentEvent.Unknown],
        [AgentPhase.Register]: [AgentEvent.Assigned, AgentEvent.Returned],
        [AgentPhase.Connect]: [AgentEvent.Stable, AgentEvent.Renew, AgentEvent.Reprovision],
        [AgentPhase.Moored]: [AgentEvent.Renew, AgentEvent.Reprovision],
    }
    // DPS can return the same hub only to a board that has one.
    return [...failures, ...results[phase]]
}

/** Returns the shortest wait for DPS after a failure of DPS. */
function minDpsWaitMs(event: number, isSecondRefusal: boolean, retryAfterSec: number): number {
    const retryAfterMs = retryAfterSec > 0 ? retryAfterSec * 1000 : 0
    const isSlow = event === FaultKind.Rejected || isSecondRefusal
    return Math.max(retryAfterMs, isSlow ? SLOW_MS : isServerError(event) ? SERVER_ERROR_MS : 1000)
}

/** Returns the step after an event. @throws Error with the rule that the policy violates */
function follow(step: PathStep, { event, tookMs = 0, retryAfterSec = 0, random = 0 }: PathEvent): PathStep {
    const { state } = step
    const nowMs = step.atMs + tookMs
    if (event === CLOCK_SET)
        return { ...step, state: { ...state, action: AgentAction.Go }, atMs: nowMs, isClockSet: true }
    const nextState = decide(state, event, { retryAfterSec, nowMs, random })
    const atMs = nowMs + nextState.delayMs
    const after: PathStep = { ...step, state: nextState, atMs }
    const check = (isFulfilled: boolean, rule: string) => {
        if (!isFulfilled)
            throw new Error(`Rule violated: ${rule}. ${JSON.stringify({ event, step, nextState, atMs })}`)
    }
    const isHubCall = !callsDps(state)
    if (FAULTS.includes(event)) {
        check(nextState.delayMs >= 1000, "two calls are at least 1 s apart")
        if (isHubCall) {
            const isFirstServerError = isServerError(event) && !step.hasHubFailed
            after.hubFromMs = nowMs + (isFirstServerError ? SERVER_ERROR_MS : HUB_GAP_MS)
            after.hasHubFailed = true
            after.lostMs ??= nowMs
            const isSecond = step.refusals > 0 && step.isClockSet
            after.refusals = event === FaultKind.Refused ? step.refusals + 1 : 0
            after.isClockSet = false
            const isWindowOver = nowMs - after.lostMs >= HUB_WINDOW_MS
            if (isWindowOver || (event === FaultKind.Refused && isSecond)) after.mayRegister = true
        } else {
            const isSecondRefusal = event === FaultKind.Refused && state.dpsRefusals > 0
            after.dpsFromMs = nowMs + minDpsWaitMs(event, isSecondRefusal, retryAfterSec)
        }
    }
    switch (event) {
        case AgentEvent.Known:
            after.mayRegister = false
            break
        case AgentEvent.Unknown:
            after.mayRegister = true
            break
        case AgentEvent.Assigned:
        case AgentEvent.Returned:
            after.mayRegister = false
            after.registeredMs = step.atMs
            if (event === AgentEvent.Assigned) after.hubFromMs = 0
            // DPS returned the same unreachable hub, so its next window begins now.
            after.lostMs = event === AgentEvent.Assigned || step.lostMs === undefined ? undefined : nowMs
            after.refusals = 0
            break
        case AgentEvent.Stable:
            Object.assign(after, { lostMs: undefined, hasHubFailed: false, refusals: 0, hubFromMs: 0 })
            after.registeredMs = undefined
            after.mayRegister = state.isRequested
            break
        case AgentEvent.Reprovision:
            after.mayRegister = true
            after.registeredMs = undefined
            break
    }
    if (event === FaultKind.Offline) return after
    if (callsDps(nextState)) check(atMs >= after.dpsFromMs, "DPS is not asked before its wait is over")
    if (isAtHub(nextState.phase) && nextState.phase !== AgentPhase.Moored)
        check(atMs >= after.hubFromMs, "hub calls are 1 min apart, or 5 s after a first server error")
    if (nextState.phase === AgentPhase.Register && nextState.hasHub) {
        check(after.mayRegister, "only a second refusal, the end of the window or a request leads to DPS")
        if (after.registeredMs !== undefined && isHubCall)
            check(
                atMs - after.registeredMs >= 2 * HUB_GAP_MS,
                "two attempts at the hub between registrations"
            )
    }
    return after
}

const begin = (state: AgentState): PathStep => ({
    state,
    atMs: 1000,
    hasHubFailed: state.failures > 0,
    refusals: 0,
    isClockSet: false,
    mayRegister: !state.hasHub,
    dpsFromMs: 0,
    hubFromMs: 0,
})

describe("the retry policy on every path of events", () => {
    test.each(PHASES)(
        "keeps its rules on every path of five events from phase %i, with the shortest waits",
        phase => {
            let paths = 0
            const search = (step: PathStep, depth: number): void => {
                if (depth === 0) {
                    paths++
                    return
                }
                for (const event of eventsIn(step.state)) search(follow(step, { event }), depth - 1)
            }
            search(begin(stateIn(phase)), 5)
            expect(paths).toBeGreaterThan(100_000)
        }
    )

    test("keeps its rules on random paths of hundreds of events", () => {
        const pathEvent = fc.record({
            index: fc.nat(),
            tookMs: fc.oneof(fc.nat(1000), fc.nat(3 * HOUR_MS)),
            retryAfterSec: fc.oneof(fc.constant(0), fc.nat(7200), fc.constantFrom(NaN, -5, 86_400)),
            random: fc.oneof(fc.constant(0), randomUnit),
        })
        fc.assert(
            fc.property(
                fc.constantFrom(...PHASES),
                fc.array(pathEvent, { minLength: 20, maxLength: 300 }),
                (phase, list) => {
                    let step = begin(stateIn(phase))
                    for (const { index, tookMs, retryAfterSec, random } of list) {
                        const events = eventsIn(step.state)
                        const event = events[index % events.length]
                        const isRequest = event === AgentEvent.Reprovision
                        step = follow(step, {
                            event,
                            tookMs,
                            retryAfterSec: isRequest ? 0 : retryAfterSec,
                            random,
                        })
                    }
                }
            ),
            { numRuns: 300 }
        )
    })

    test("registers at most every 10 min on average when every hub fails", () => {
        const failing = fc.array(fc.constantFrom(...FAULTS), { minLength: 1, maxLength: 12 })
        fc.assert(
            fc.property(failing, fc.boolean(), (faults, isSameHub) => {
                let step = begin(stateIn(AgentPhase.Register))
                let registrations = 0
                for (let i = 0; step.atMs < 24 * HOUR_MS; i++) {
                    const isRegister = step.state.phase === AgentPhase.Register
                    if (isRegister) registrations++
                    const assignment = isSameHub ? AgentEvent.Returned : AgentEvent.Assigned
                    const isClock = step.state.action === AgentAction.RefreshClock
                    const event = isClock ? CLOCK_SET : isRegister ? assignment : faults[i % faults.length]
                    step = follow(step, { event })
                }
                expect(registrations).toBeLessThanOrEqual(24 * 6 + 3)
            })
        )
    })
})

describe("the retry policy from any state", () => {
    test("reaches the moored phase in at most three steps when everything works", () => {
        fc.assert(
            fc.property(agentStates, fc.boolean(), (start, isKnown) => {
                let state: AgentState = start
                let steps = 0
                while (state.phase !== AgentPhase.Moored) {
                    if (state.phase === AgentPhase.FindHub)
                        state = decide(state, isKnown ? AgentEvent.Known : AgentEvent.Unknown)
                    else if (state.phase === AgentPhase.Register) state = decide(state, AgentEvent.Assigned)
                    else state = decide(state, AgentEvent.Stable)
                    expect(++steps).toBeLessThanOrEqual(3)
                }
            })
        )
    })

    test("registers at most every 10 min after the third registration when a hub always refuses", () => {
        // The hub refuses every time, so the board alternates between setting its clock and registering.
        let state = decide(stateIn(AgentPhase.Register), AgentEvent.Assigned)
        let nowMs = 1000
        const registeredMs: number[] = []
        while (nowMs < 12 * HOUR_MS) {
            state = decide({ ...state, action: AgentAction.Go }, FaultKind.Refused, { nowMs })
            nowMs += state.delayMs
            if (state.phase !== AgentPhase.Register) continue
            registeredMs.push(nowMs)
            state = decide(state, AgentEvent.Returned, { nowMs })
            nowMs += state.delayMs
        }
        const gaps = registeredMs.slice(1).map((ms, i) => ms - registeredMs[i])
        for (const gap of gaps.slice(2)) expect(gap).toBeGreaterThanOrEqual(SLOW_MS)
    })
})
