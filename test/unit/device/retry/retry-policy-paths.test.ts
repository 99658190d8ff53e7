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

/** The state of a board on a path, and what the rules need to know about its past. */
interface PathStep {
    state: AgentState
    /** When the action of `state` begins. */
    atMs: number
    /** When the hub was lost or last returned by DPS; undefined after a stable session. */
    lostMs?: number
    /** Whether a failure happened since the last stable session. */
    hasFailed: boolean
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

/** Returns the events that can happen in a phase: every failure, and the results of the phase's action. */
function eventsIn(phase: AgentPhase): number[] {
    const results = {
        [AgentPhase.FindHub]: [AgentEvent.Known, AgentEvent.Unknown],
        [AgentPhase.Register]: [AgentEvent.Assigned, AgentEvent.Returned],
        [AgentPhase.Connect]: [AgentEvent.Stable, AgentEvent.Renew, AgentEvent.Reprovision],
        [AgentPhase.Moored]: [AgentEvent.Renew, AgentEvent.Reprovision],
    }
    return [...FAULTS, FaultKind.Offline, ...results[phase]]
}

/** Returns the step after an event. @throws Error with the rule that the policy violates */
function follow(step: PathStep, { event, tookMs = 0, retryAfterSec = 0, random = 0 }: PathEvent): PathStep {
    const { state } = step
    const nowMs = step.atMs + tookMs
    const nextState = decide(state, event, { retryAfterSec, nowMs, random })
    const atMs = nowMs + nextState.delayMs
    const check = (isFulfilled: boolean, rule: string) => {
        if (!isFulfilled)
            throw new Error(`Rule violated: ${rule}. ${JSON.stringify({ event, step, nextState, atMs })}`)
    }
    const isHub = isAtHub(state.phase)
    const isFault = FAULTS.includes(event)
    const lostMs = isHub && isFault ? (step.lostMs ?? nowMs) : step.lostMs
    const gapMs = atMs - step.atMs
    if (isFault) {
        check(
            !(retryAfterSec > 0) || nextState.delayMs >= retryAfterSec * 1000,
            "the wait is at least retry-after"
        )
        check(gapMs >= 1000, "two calls are at least 1 s apart")
        const isRetry = isHub ? nextState.phase === AgentPhase.Connect : nextState.phase === state.phase
        check(
            isRetry || nextState.phase === AgentPhase.Register,
            "a failure leads to a retry or a registration"
        )
    }
    if (isFault && isHub && nextState.phase === AgentPhase.Connect) {
        const minMs = isServerError(event) && !step.hasFailed ? SERVER_ERROR_MS : HUB_GAP_MS
        check(gapMs >= minMs, "hub calls are 1 min apart, or 5 s after a first server error")
    }
    if (isFault && isHub && nextState.phase === AgentPhase.Register) {
        const isSecondRefusal = event === FaultKind.Refused && state.action === AgentAction.RefreshClock
        const isWindowOver = nowMs - (lostMs ?? nowMs) >= HUB_WINDOW_MS
        check(
            isSecondRefusal || isWindowOver,
            "only a second refusal or the end of the window leads to registration"
        )
    }
    if (isFault && !isHub) {
        check(!isServerError(event) || gapMs >= SERVER_ERROR_MS, "5 s after a server error of DPS")
        check(event !== FaultKind.Rejected || gapMs >= SLOW_MS, "10 min after a rejection")
        const isFirstRefusal = event === FaultKind.Refused && nextState.action === AgentAction.RefreshClock
        check(
            event !== FaultKind.Refused || isFirstRefusal || gapMs >= SLOW_MS,
            "10 min after a second refusal"
        )
    }
    const isNewRegistration = nextState.phase === AgentPhase.Register && state.phase !== AgentPhase.Register
    const isRequested = event === AgentEvent.Reprovision
    if (isNewRegistration && !isRequested && step.registeredMs !== undefined)
        check(atMs - step.registeredMs >= 2 * HUB_GAP_MS, "two attempts at the hub between two registrations")
    const gaveHub = event === AgentEvent.Assigned || event === AgentEvent.Returned
    const isStable = event === AgentEvent.Stable
    // DPS returned the same unreachable hub, so its next window begins now.
    const restartMs = event === AgentEvent.Returned && lostMs !== undefined ? nowMs : undefined
    return {
        state: nextState,
        atMs,
        lostMs: event === AgentEvent.Assigned || isStable ? undefined : (restartMs ?? lostMs),
        hasFailed: isStable ? false : step.hasFailed || isFault,
        registeredMs: gaveHub ? step.atMs : isRequested || isStable ? undefined : step.registeredMs,
    }
}

const begin = (state: AgentState): PathStep => ({ state, atMs: 1000, hasFailed: state.failures > 0 })

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
                for (const event of eventsIn(step.state.phase)) search(follow(step, { event }), depth - 1)
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
                        const events = eventsIn(step.state.phase)
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
                    step = follow(step, { event: isRegister ? assignment : faults[i % faults.length] })
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
            state = decide(state, FaultKind.Refused, { nowMs })
            nowMs += state.delayMs
            if (state.phase !== AgentPhase.Register) continue
            registeredMs.push(nowMs)
            state = decide(state, AgentEvent.Returned, { nowMs })
        }
        const gaps = registeredMs.slice(1).map((ms, i) => ms - registeredMs[i])
        for (const gap of gaps.slice(2)) expect(gap).toBeGreaterThanOrEqual(SLOW_MS)
    })
})
