// Every decision of devs/retry/retry-policy.ts, tested in Node with the code that boards run.
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { AgentEvent } from "../../../../devs/contract/agent-event"
import { FaultKind } from "../../../../devs/contract/fault"
import { WAIT_MAX_MS } from "../../../../devs/retry/backoff"
import {
    AgentAction,
    AgentPhase,
    CAP_MS,
    HUB_GAP_MS,
    HUB_WINDOW_MAX_MS,
    HUB_WINDOW_MS,
    SERVER_ERROR_MS,
    SLOW_MS,
} from "../../../../devs/retry/retry-policy"
import {
    ACTIONS,
    AGENT_EVENTS,
    agentStates,
    anyNumber,
    decide,
    EVENTS,
    FAULT_KINDS,
    FAULTS,
    FLEET_MS,
    HOUR_MS,
    isServerError,
    PHASES,
    randomUnit,
    stateIn,
    uptimeMs,
} from "../../../helpers/policy-states.js"

describe("event numbers", () => {
    test("are below 50 for failures and at least 50 for all other events", () => {
        expect(FAULT_KINDS.length).toBeGreaterThanOrEqual(9)
        for (const kind of FAULT_KINDS) expect(kind).toBeLessThan(50)
        expect(AGENT_EVENTS.length).toBeGreaterThanOrEqual(7)
        for (const event of AGENT_EVENTS) expect(event).toBeGreaterThanOrEqual(50)
    })

    test("are unique", () => {
        expect(new Set(EVENTS).size).toBe(EVENTS.length)
    })
})

describe("the retry policy in every phase, for every event", () => {
    test.each(PHASES.flatMap(phase => EVENTS.map(event => [phase, event])))(
        "returns a valid new state and does not change the old state (phase %i, event %i)",
        (phase, event) => {
            fc.assert(
                fc.property(
                    agentStates,
                    uptimeMs,
                    fc.nat(86_400),
                    randomUnit,
                    (anyState, nowMs, retryAfterSec, random) => {
                        const state = { ...anyState, phase }
                        const before = JSON.stringify(state)
                        const decision = decide(state, event, { retryAfterSec, nowMs, random })
                        expect(JSON.stringify(state)).toBe(before)
                        expect(PHASES).toContain(decision.phase)
                        expect(ACTIONS).toContain(decision.action)
                        expect(Number.isInteger(decision.delayMs)).toBe(true)
                        expect(decision.delayMs).toBeGreaterThanOrEqual(1)
                        if (event === FaultKind.Offline) expect(decision.delayMs).toBe(1000)
                        if (FAULTS.includes(event)) expect(decision.delayMs).toBeGreaterThanOrEqual(1000)
                        expect(decision.windowMs).toBeGreaterThanOrEqual(HUB_WINDOW_MS)
                        expect(decision.windowMs).toBeLessThanOrEqual(HUB_WINDOW_MAX_MS)
                    }
                ),
                { numRuns: 30 }
            )
        }
    )

    test("returns a valid wait for an invalid retry-after, fleet formula or failure count", () => {
        fc.assert(
            fc.property(
                agentStates,
                fc.constantFrom(...EVENTS),
                anyNumber,
                anyNumber,
                anyNumber,
                randomUnit,
                (state, event, retryAfterSec, fleetMs, failures, random) => {
                    const { delayMs } = decide({ ...state, failures }, event, {
                        retryAfterSec,
                        fleetMs,
                        random,
                    })
                    expect(delayMs).toBeGreaterThanOrEqual(FAULTS.includes(event) ? 1000 : 1)
                    expect(delayMs).toBeLessThanOrEqual(2 * WAIT_MAX_MS)
                }
            )
        )
    })

    test("waits at least retry-after, and at most a quarter longer", () => {
        fc.assert(
            fc.property(
                agentStates,
                fc.constantFrom(...FAULTS),
                fc.integer({ min: 600, max: 86_400 }),
                randomUnit,
                (anyState, event, retryAfterSec, random) => {
                    const state = { ...anyState, phase: AgentPhase.Register, action: AgentAction.Go }
                    const { dpsDueMs } = decide(state, event, { retryAfterSec, random, nowMs: 1 })
                    const maxMs = Math.max(retryAfterSec * 1000, SLOW_MS) * 1.25
                    expect(dpsDueMs - 1).toBeGreaterThanOrEqual(retryAfterSec * 1000)
                    expect(dpsDueMs - 1).toBeLessThanOrEqual(maxMs)
                }
            )
        )
    })

    test("waits at most 20 min without retry-after", () => {
        fc.assert(
            fc.property(
                agentStates,
                fc.constantFrom(...FAULTS),
                uptimeMs,
                randomUnit,
                (state, event, nowMs, random) => {
                    expect(decide(state, event, { nowMs, random }).delayMs).toBeLessThanOrEqual(2 * SLOW_MS)
                }
            )
        )
    })
})

describe("the retry policy at the hub", () => {
    const AT_HUB = [AgentPhase.Connect, AgentPhase.Moored]

    test.each(AT_HUB)("waits at least 1 min, or 5 s after a first server error (phase %i)", phase => {
        fc.assert(
            fc.property(fc.constantFrom(...FAULTS), fc.nat(100), randomUnit, (event, failures, random) => {
                const isServer = isServerError(event)
                const minMs = isServer && !failures ? SERVER_ERROR_MS : HUB_GAP_MS
                const { delayMs } = decide(stateIn(phase, { failures }), event, { random })
                expect(delayMs).toBeGreaterThanOrEqual(minMs)
            })
        )
    })

    test.each(AT_HUB)(
        "needs DPS only after two consecutive refusals or at the end of the window (phase %i)",
        phase => {
            fc.assert(
                fc.property(
                    agentStates,
                    fc.constantFrom(...FAULTS),
                    uptimeMs,
                    randomUnit,
                    (anyState, event, nowMs, random) => {
                        const state = {
                            ...anyState,
                            phase,
                            action: AgentAction.Go,
                            needsDps: false,
                            isRequested: false,
                        }
                        const decision = decide(state, event, { nowMs, random })
                        const lostMs = state.lostMs || nowMs
                        const isWindowOver = nowMs - lostMs >= state.windowMs
                        const isSecondRefusal = event === FaultKind.Refused && state.refusals > 0
                        expect(decision.needsDps).toBe(isWindowOver || isSecondRefusal)
                        const isDpsFirst = decision.needsDps && decision.dpsDueMs <= decision.hubDueMs
                        expect(decision.phase === AgentPhase.Register).toBe(isDpsFirst)
                    }
                )
            )
        }
    )

    test("tries DPS and the hub in turn while both fail", () => {
        let state = stateIn(AgentPhase.Connect, { lostMs: 1, needsDps: true })
        let nowMs = HUB_WINDOW_MS
        const tried = [0, 0]
        while (nowMs < HUB_WINDOW_MS + HOUR_MS) {
            state = decide(state, FaultKind.ServerError, { nowMs, random: 0.5 })
            tried[state.phase === AgentPhase.Register ? 0 : 1]++
            nowMs += state.delayMs
        }
        expect(Math.min(...tried)).toBeGreaterThan(10)
    })

    test("returns to the hub for another window when DPS cannot be reached", () => {
        for (const event of [FaultKind.Network, FaultKind.Timeout]) {
            const lost = stateIn(AgentPhase.Register, { hasHub: true, needsDps: true, lostMs: 1 })
            expect(decide(lost, event, { nowMs: 5000 })).toMatchObject({
                phase: AgentPhase.Connect,
                needsDps: false,
                lostMs: 5000,
                windowMs: HUB_WINDOW_MS,
            })
            const refused = { ...lost, refusals: 2 }
            expect(decide(refused, event).needsDps).toBe(true)
            expect(decide({ ...lost, isRequested: true }, event).needsDps).toBe(true)
        }
    })

    test("returns to its hub when DPS fails after a request, and repeats the request after at least 10 min", () => {
        for (const event of FAULTS) {
            const requested = decide(stateIn(AgentPhase.Moored), AgentEvent.Reprovision)
            const failed = decide(requested, event)
            expect(failed).toMatchObject({ phase: AgentPhase.Connect, isRequested: true })
            expect(failed.delayMs).toBeLessThanOrEqual(HUB_GAP_MS)
            expect(decide(failed, AgentEvent.Stable)).toMatchObject({ isRequested: true, needsDps: true })
            expect(failed.dpsDueMs).toBeGreaterThanOrEqual(SLOW_MS)
        }
    })

    test("tries the hub no sooner than a minute after the clock could not be set", () => {
        const state = stateIn(AgentPhase.Connect, { action: AgentAction.RefreshClock, refusals: 1 })
        for (const event of FAULTS)
            expect(decide(state, event)).toMatchObject({
                phase: AgentPhase.Connect,
                refusals: 0,
                failures: 0,
                delayMs: HUB_GAP_MS,
            })
    })

    test("sets the clock and retries the same hub after the first refusal", () => {
        expect(decide(stateIn(AgentPhase.Connect), FaultKind.Refused)).toMatchObject({
            phase: AgentPhase.Connect,
            action: AgentAction.RefreshClock,
        })
    })

    test("counts a refusal as the first refusal again after a different failure", () => {
        const interrupted = decide(decide(stateIn(AgentPhase.Connect), FaultKind.Refused), FaultKind.Network)
        expect(decide(interrupted, FaultKind.Refused)).toMatchObject({
            phase: AgentPhase.Connect,
            action: AgentAction.RefreshClock,
        })
    })

    test("waits at least 10 min before it registers when the assigned hub keeps refusing", () => {
        const state = stateIn(AgentPhase.Connect, { refusals: 1, failures: 4 })
        expect(decide(state, FaultKind.Refused)).toMatchObject({
            phase: AgentPhase.Register,
            delayMs: SLOW_MS,
        })
    })

    test("ends the hub window 30 min after the first failure, not sooner", () => {
        let state = decide(stateIn(AgentPhase.Moored), FaultKind.Network, { nowMs: 5000 })
        expect(state.lostMs).toBe(5000)
        state = decide(state, FaultKind.Network, { nowMs: 5000 + HUB_WINDOW_MS - 1 })
        expect(state.phase).toBe(AgentPhase.Connect)
        state = decide(state, FaultKind.Network, { nowMs: 5000 + HUB_WINDOW_MS })
        expect(state.phase).toBe(AgentPhase.Register)
    })

    test("doubles the window up to 4 h when DPS returns the same unreachable hub", () => {
        const windows: number[] = []
        let state = stateIn(AgentPhase.Register, { lostMs: 1000 })
        for (let i = 0; i < 5; i++) {
            state = decide(state, AgentEvent.Returned, { nowMs: 2000 })
            windows.push(state.windowMs / HUB_WINDOW_MS)
        }
        expect(windows).toEqual([2, 4, 8, 8, 8])
    })

    test("starts with the first window after an assignment to another hub and after a stable session", () => {
        const state = stateIn(AgentPhase.Register, { lostMs: 1000, windowMs: HUB_WINDOW_MAX_MS })
        expect(decide(state, AgentEvent.Assigned)).toMatchObject({ windowMs: HUB_WINDOW_MS, lostMs: 0 })
        expect(decide(state, AgentEvent.Stable)).toMatchObject({ windowMs: HUB_WINDOW_MS, lostMs: 0 })
    })

    test("keeps the window when a requested registration returns the same hub", () => {
        expect(decide(stateIn(AgentPhase.Register), AgentEvent.Returned).windowMs).toBe(HUB_WINDOW_MS)
    })

    test("resets the failure count only after a stable session", () => {
        for (const event of EVENTS) {
            const { failures } = decide(stateIn(AgentPhase.Connect, { failures: 3 }), event)
            if (event === AgentEvent.Stable) expect(failures).toBe(0)
            else expect(failures).toBeGreaterThanOrEqual(3)
        }
    })

    test("waits as requested before a reprovisioning, and not at all before a token renewal", () => {
        expect(
            decide(stateIn(AgentPhase.Moored), AgentEvent.Reprovision, { retryAfterSec: 30 })
        ).toMatchObject({
            phase: AgentPhase.Register,
            delayMs: 30_000,
        })
        expect(decide(stateIn(AgentPhase.Moored), AgentEvent.Renew)).toMatchObject({
            phase: AgentPhase.Connect,
            action: AgentAction.RefreshClock,
            delayMs: 1,
        })
    })
})

describe("the retry policy at DPS", () => {
    const AT_DPS = [AgentPhase.FindHub, AgentPhase.Register]

    test.each(AT_DPS)("waits from 5 s to the cap after a server error (phase %i)", phase => {
        fc.assert(
            fc.property(fc.nat(100), randomUnit, (failures, random) => {
                const state = stateIn(phase, { failures })
                const { delayMs } = decide(state, FaultKind.ServerError, { random })
                expect(delayMs).toBeGreaterThanOrEqual(SERVER_ERROR_MS)
                expect(delayMs).toBeLessThanOrEqual(CAP_MS)
            })
        )
    })

    test("adds jitter to the wait after every failure, also after the first", () => {
        for (const phase of PHASES)
            for (const event of FAULTS.filter(each => each !== FaultKind.Throttled))
                for (const failures of [0, 1, 2, 5, 100]) {
                    const state = stateIn(phase, { failures })
                    const minMs = decide(state, event, { random: 0 }).delayMs
                    expect(decide(state, event, { random: 0.999999 }).delayMs).toBeGreaterThanOrEqual(
                        2 * minMs - 2
                    )
                }
    })

    test.each(AT_DPS)("waits as the fleet formula says after 429 without retry-after (phase %i)", phase => {
        fc.assert(
            fc.property(randomUnit, random => {
                const { delayMs } = decide(stateIn(phase, { failures: 7 }), FaultKind.Throttled, { random })
                expect(delayMs).toBeGreaterThanOrEqual(1000)
                expect(delayMs).toBeLessThanOrEqual(FLEET_MS)
            })
        )
        expect(decide(stateIn(phase), FaultKind.Throttled, { random: 0.999999 }).delayMs).toBeGreaterThan(
            59_000
        )
    })

    test.each(AT_DPS)(
        "sets the clock after a refusal, then retries after at least 10 min (phase %i)",
        phase => {
            const first = decide(stateIn(phase), FaultKind.Refused)
            // A registration replaces a refused status lookup.
            expect(first).toMatchObject({ phase: AgentPhase.Register, action: AgentAction.RefreshClock })
            expect(decide(first, FaultKind.Refused)).toMatchObject({
                phase: AgentPhase.Register,
                action: AgentAction.Go,
                delayMs: SLOW_MS,
            })
        }
    )

    test.each(AT_DPS)("registers after at least 10 min when DPS rejects the board (phase %i)", phase => {
        const decision = decide(stateIn(phase), FaultKind.Rejected)
        expect(decision).toMatchObject({ phase: AgentPhase.Register, delayMs: SLOW_MS })
    })

    test("registers when a status lookup fails twice although DPS can be reached", () => {
        for (const event of FAULTS) {
            const isUnreachable = event === FaultKind.Network || event === FaultKind.Timeout
            const second = decide(decide(stateIn(AgentPhase.FindHub), event), event)
            expect(second.phase).toBe(isUnreachable ? AgentPhase.FindHub : AgentPhase.Register)
        }
    })

    test.each(AT_DPS)("reboots after seven consecutive timeouts (phase %i)", phase => {
        expect(decide(stateIn(phase, { timeouts: 5 }), FaultKind.Timeout).action).toBe(AgentAction.Go)
        expect(decide(stateIn(phase, { timeouts: 6 }), FaultKind.Timeout).action).toBe(AgentAction.Reboot)
    })

    test("keeps its counts and its pending action while there is no network", () => {
        const before = { failures: 2, timeouts: 1, refusals: 1, lostMs: 7, action: AgentAction.RefreshClock }
        for (const phase of PHASES)
            expect(decide(stateIn(phase, before), FaultKind.Offline)).toMatchObject({
                phase,
                ...before,
            })
    })
})
