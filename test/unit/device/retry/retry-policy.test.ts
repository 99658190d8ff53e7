// devs/retry under Node: the very code that boards run, tried in every state with every event.
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { FaultKind } from "../../../../devs/contract/fault"
import {
    backoffCeilingMs,
    fleetThrottleCeilingMs,
    slotMs,
    uniformMs,
    WAIT_MAX_MS,
} from "../../../../devs/retry/backoff"
import {
    AgentAction,
    CAP_MS,
    AgentEvent,
    EVENT_MAX,
    HUB_GAP_MS,
    HUB_WINDOW_MAX_MS,
    HUB_WINDOW_MS,
    type AgentState,
    newAgentState,
    next,
    SERVER_ERROR_MS,
    SLOW_MS,
    AgentPhase,
} from "../../../../devs/retry/retry-policy"

const STATES = [AgentPhase.FindHub, AgentPhase.Register, AgentPhase.Connect, AgentPhase.Moored]
const EVENTS = Array.from({ length: EVENT_MAX + 1 }, (_, event) => event)
const FAULTS = EVENTS.filter(event => event <= FaultKind.Rejected && event !== FaultKind.Offline)
const FLEET_MS = 60_000
const HOUR_MS = 3600_000

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const uptimeMs = fc.integer({ min: 1, max: 45 * 24 * HOUR_MS })
const lives = fc.record({
    state: fc.constantFrom(...STATES),
    action: fc.constantFrom(AgentAction.Go, AgentAction.RefreshClock, AgentAction.Reboot),
    delayMs: fc.nat(),
    failures: fc.nat(),
    refusals: fc.nat(),
    timeouts: fc.nat(),
    lostMs: fc.nat(45 * 24 * HOUR_MS),
    windowMs: fc.constantFrom(HUB_WINDOW_MS, 2 * HUB_WINDOW_MS, HUB_WINDOW_MAX_MS),
})

const inState = (state: AgentPhase, rest: Partial<AgentState> = {}): AgentState => ({
    ...newAgentState(),
    state,
    ...rest,
})
const after = (life: AgentState, event: number, { retryAfterSec = 0, nowMs = 1000, random = 0 } = {}) =>
    next(life, event, retryAfterSec, nowMs, FLEET_MS, random)

/** What a mistaken or hostile peer, setting or clock may bring: NaN, infinities, negative and huge numbers among them. */
const anything = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -1, 0, 2 ** 31, 2 ** 53))

describe("the backoff", () => {
    test("is a whole number within its limits, for any chance", () => {
        fc.assert(
            fc.property(fc.nat(WAIT_MAX_MS), fc.nat(2 * WAIT_MAX_MS), chance, (min, max, random) => {
                const ms = uniformMs(min, max, random)
                expect(Number.isInteger(ms)).toBe(true)
                expect(ms).toBeGreaterThanOrEqual(Math.max(1, min))
                expect(ms).toBeLessThanOrEqual(Math.max(1, min, max))
            })
        )
    })

    test("is never 0, negative, NaN or over two days, whatever comes in", () => {
        fc.assert(
            fc.property(anything, anything, anything, chance, (a, b, c, random) => {
                for (const ms of [
                    uniformMs(a, b, random),
                    uniformMs(1000, backoffCeilingMs(a, b, CAP_MS), random),
                    uniformMs(1000, fleetThrottleCeilingMs(a, b, c), random),
                ]) {
                    expect(ms).toBeGreaterThanOrEqual(1)
                    expect(ms).toBeLessThanOrEqual(2 * WAIT_MAX_MS)
                }
                expect(uniformMs(1000, backoffCeilingMs(a, 2000, CAP_MS), random)).toBeLessThanOrEqual(CAP_MS)
                expect(fleetThrottleCeilingMs(a, b, c)).toBeGreaterThanOrEqual(1000)
                expect(fleetThrottleCeilingMs(a, b, c)).toBeLessThanOrEqual(WAIT_MAX_MS)
            })
        )
    })

    test("doubles up to its cap and never overflows", () => {
        expect([0, 1, 2, 3, 4].map(n => backoffCeilingMs(n, 1000, 10_000))).toEqual([
            1000, 2000, 4000, 8000, 10_000,
        ])
        for (const failures of [30, 31, 1e6, 2 ** 31, 2 ** 53])
            expect(backoffCeilingMs(failures, 1000, 10_000)).toBe(10_000)
    })

    test("keeps full jitter at the cap", () => {
        expect(uniformMs(1000, backoffCeilingMs(99, 1000, CAP_MS), 0)).toBe(1000)
        expect(uniformMs(1000, backoffCeilingMs(99, 1000, CAP_MS), 0.999999)).toBeGreaterThan(299_000)
    })

    test("of a fleet is the seed's: max = (1/load) * (N/cps) * 1000 ms, at least 1 s", () => {
        expect(fleetThrottleCeilingMs(1, 10_000, 100)).toBe(100_000)
        expect(fleetThrottleCeilingMs(0.5, 10_000, 100)).toBe(200_000)
        expect(fleetThrottleCeilingMs(2, 12_000, 200)).toBe(30_000)
        expect(fleetThrottleCeilingMs(1, 1, 100)).toBe(1000)
    })

    test("of a fleet is a number from 1 s to a day, for any settings", () => {
        // As far as readConfig() lets them be.
        const load = fc.double({ min: 0.001, max: 1000, noNaN: true })
        const devices = fc.integer({ min: 1, max: 1e7 })
        const perSec = fc.double({ min: 0.001, max: 1e5, noNaN: true })
        fc.assert(
            fc.property(load, devices, perSec, (load, devices, perSec) => {
                const ms = fleetThrottleCeilingMs(load, devices, perSec)
                expect(Number.isInteger(ms)).toBe(true)
                expect(ms).toBeGreaterThanOrEqual(1000)
                expect(ms).toBeLessThanOrEqual(24 * HOUR_MS)
            })
        )
    })

    test("of a slot is within the slot", () => {
        fc.assert(
            fc.property(fc.nat(10_000), fc.nat(86_400), chance, (slot, slotSec, random) => {
                const ms = slotMs(slot, slotSec, random)
                expect(ms).toBeGreaterThanOrEqual(slot * slotSec * 1000)
                expect(ms).toBeLessThanOrEqual((slot + 1) * slotSec * 1000)
            })
        )
    })
})

describe("every state and every event", () => {
    test.each(STATES.flatMap(state => EVENTS.map(event => [state, event])))(
        "state %i, event %i ends in a defined row, and leaves the old life as it is",
        (state, event) => {
            fc.assert(
                fc.property(lives, uptimeMs, fc.nat(86_400), chance, (any, nowMs, retryAfterSec, random) => {
                    const life = { ...any, state }
                    const before = JSON.stringify(life)
                    const then = next(life, event, retryAfterSec, nowMs, FLEET_MS, random)
                    expect(JSON.stringify(life)).toBe(before)
                    expect(STATES).toContain(then.state)
                    expect([AgentAction.Go, AgentAction.RefreshClock, AgentAction.Reboot]).toContain(
                        then.action
                    )
                    expect(Number.isInteger(then.delayMs)).toBe(true)
                    expect(then.delayMs).toBeGreaterThanOrEqual(1)
                    if (event === FaultKind.Offline) expect(then.delayMs).toBe(1000)
                    if (FAULTS.includes(event)) expect(then.delayMs).toBeGreaterThanOrEqual(1000)
                    expect(then.windowMs).toBeGreaterThanOrEqual(HUB_WINDOW_MS)
                    expect(then.windowMs).toBeLessThanOrEqual(HUB_WINDOW_MAX_MS)
                }),
                { numRuns: 30 }
            )
        }
    )

    test("a retry-after, fleet or count of failures that makes no sense never makes a wait that makes none", () => {
        fc.assert(
            fc.property(lives, fc.constantFrom(...EVENTS), anything, anything, anything, chance, (...of) => {
                const [life, event, retryAfterSec, fleet, failures, random] = of
                const { delayMs } = next({ ...life, failures }, event, retryAfterSec, 1000, fleet, random)
                expect(delayMs).toBeGreaterThanOrEqual(FAULTS.includes(event) ? 1000 : 1)
                expect(delayMs).toBeLessThanOrEqual(2 * WAIT_MAX_MS)
            })
        )
    })

    test("retry-after is never undercut, and spread by a quarter at the most", () => {
        fc.assert(
            fc.property(
                lives,
                fc.constantFrom(...FAULTS),
                fc.integer({ min: 600, max: 86_400 }),
                chance,
                (life, event, retryAfterSec, random) => {
                    const { delayMs } = after(life, event, { retryAfterSec, random, nowMs: 1 })
                    const longest = Math.max(retryAfterSec * 1000, SLOW_MS) * 1.25
                    expect(delayMs).toBeGreaterThanOrEqual(retryAfterSec * 1000)
                    expect(delayMs).toBeLessThanOrEqual(longest)
                }
            )
        )
    })

    test("no delay without retry-after is longer than twice the slow one", () => {
        fc.assert(
            fc.property(lives, fc.constantFrom(...FAULTS), uptimeMs, chance, (life, event, nowMs, random) => {
                expect(after(life, event, { nowMs, random }).delayMs).toBeLessThanOrEqual(2 * SLOW_MS)
            })
        )
    })
})

describe("rows of the table, at the hub", () => {
    const AT_HUB = [AgentPhase.Connect, AgentPhase.Moored]

    test.each(AT_HUB)(
        "in state %i tries are a minute apart, but for the first after a server error: 5 s",
        state => {
            fc.assert(
                fc.property(fc.constantFrom(...FAULTS), fc.nat(100), chance, (event, failures, random) => {
                    const isServers = event === FaultKind.ServerError || event === FaultKind.Unavailable
                    const least = isServers && !failures ? SERVER_ERROR_MS : HUB_GAP_MS
                    const { delayMs } = after(inState(state, { failures }), event, { random })
                    expect(delayMs).toBeGreaterThanOrEqual(least)
                })
            )
        }
    )

    test.each(AT_HUB)(
        "in state %i only two refusals in a row or a spent window lead to registration",
        state => {
            fc.assert(
                fc.property(
                    lives,
                    fc.constantFrom(...FAULTS),
                    uptimeMs,
                    chance,
                    (any, event, nowMs, random) => {
                        const life = { ...any, state }
                        const then = after(life, event, { nowMs, random })
                        const lostMs = life.lostMs || nowMs
                        const isSpent = nowMs - lostMs >= life.windowMs
                        const isRefused = event === FaultKind.Refused && life.refusals > 0
                        expect(then.state === AgentPhase.Register).toBe(isSpent || isRefused)
                    }
                )
            )
        }
    )

    test("the first refusal takes a fresh clock and token to the same hub", () => {
        expect(after(inState(AgentPhase.Connect), FaultKind.Refused)).toMatchObject({
            state: AgentPhase.Connect,
            action: AgentAction.RefreshClock,
        })
    })

    test("a refusal that another failure parts from the next counts anew", () => {
        const parted = after(after(inState(AgentPhase.Connect), FaultKind.Refused), FaultKind.Network)
        expect(after(parted, FaultKind.Refused)).toMatchObject({
            state: AgentPhase.Connect,
            action: AgentAction.RefreshClock,
        })
    })

    test("a hub that refuses what DPS just assigned is registered for every 10 min or more", () => {
        const life = inState(AgentPhase.Connect, { refusals: 1, failures: 4 })
        expect(after(life, FaultKind.Refused)).toMatchObject({ state: AgentPhase.Register, delayMs: SLOW_MS })
    })

    test("the window is counted from the first failure, and is not spent before", () => {
        let life = after(inState(AgentPhase.Moored), FaultKind.Network, { nowMs: 5000 })
        expect(life.lostMs).toBe(5000)
        life = after(life, FaultKind.Network, { nowMs: 5000 + HUB_WINDOW_MS - 1 })
        expect(life.state).toBe(AgentPhase.Connect)
        life = after(life, FaultKind.Network, { nowMs: 5000 + HUB_WINDOW_MS })
        expect(life.state).toBe(AgentPhase.Register)
    })

    test("the same dead hub handed back doubles the window, up to 4 h", () => {
        const windows: number[] = []
        let life = inState(AgentPhase.Register, { lostMs: 1000 })
        for (let i = 0; i < 5; i++) {
            life = after(life, AgentEvent.Returned, { nowMs: 2000 })
            windows.push(life.windowMs / HUB_WINDOW_MS)
        }
        expect(windows).toEqual([2, 4, 8, 8, 8])
    })

    test("another hub, and a stable session, begin with the first window", () => {
        const life = inState(AgentPhase.Register, { lostMs: 1000, windowMs: HUB_WINDOW_MAX_MS })
        expect(after(life, AgentEvent.Assigned)).toMatchObject({ windowMs: HUB_WINDOW_MS, lostMs: 0 })
        expect(after(life, AgentEvent.Stable)).toMatchObject({ windowMs: HUB_WINDOW_MS, lostMs: 0 })
    })

    test("a board that reprovisions and is given its hub again has its window as it was", () => {
        expect(after(inState(AgentPhase.Register), AgentEvent.Returned).windowMs).toBe(HUB_WINDOW_MS)
    })

    test("failures are forgotten by a stable session, and by nothing else", () => {
        for (const event of EVENTS) {
            const { failures } = after(inState(AgentPhase.Connect, { failures: 3 }), event)
            if (event === AgentEvent.Stable) expect(failures).toBe(0)
            else expect(failures).toBeGreaterThanOrEqual(3)
        }
    })

    test("Reprovision waits as long as it was asked to, a renewal not at all", () => {
        expect(
            after(inState(AgentPhase.Moored), AgentEvent.Reprovision, { retryAfterSec: 30 })
        ).toMatchObject({
            state: AgentPhase.Register,
            delayMs: 30_000,
        })
        expect(after(inState(AgentPhase.Moored), AgentEvent.Renew)).toMatchObject({
            state: AgentPhase.Connect,
            action: AgentAction.RefreshClock,
            delayMs: 1,
        })
    })
})

describe("rows of the table, at DPS", () => {
    const AT_DPS = [AgentPhase.FindHub, AgentPhase.Register]

    test.each(AT_DPS)("in state %i a server error waits 5 s or more, and backs off", state => {
        fc.assert(
            fc.property(fc.nat(100), chance, (failures, random) => {
                const life = inState(state, { failures })
                const { delayMs } = after(life, FaultKind.ServerError, { random })
                expect(delayMs).toBeGreaterThanOrEqual(SERVER_ERROR_MS)
                expect(delayMs).toBeLessThanOrEqual(CAP_MS)
            })
        )
    })

    test("every failure of a service keeps jitter, the first one too: no two boards need wait alike", () => {
        for (const state of STATES)
            for (const event of FAULTS.filter(each => each !== FaultKind.Throttled))
                for (const failures of [0, 1, 2, 5, 100]) {
                    const life = inState(state, { failures })
                    const least = after(life, event, { random: 0 }).delayMs
                    expect(after(life, event, { random: 0.999999 }).delayMs).toBeGreaterThanOrEqual(
                        2 * least - 2
                    )
                }
    })

    test.each(AT_DPS)("in state %i being throttled without retry-after is the seed's formula", state => {
        fc.assert(
            fc.property(chance, random => {
                const { delayMs } = after(inState(state, { failures: 7 }), FaultKind.Throttled, { random })
                expect(delayMs).toBeGreaterThanOrEqual(1000)
                expect(delayMs).toBeLessThanOrEqual(FLEET_MS)
            })
        )
        expect(after(inState(state), FaultKind.Throttled, { random: 0.999999 }).delayMs).toBeGreaterThan(
            59_000
        )
    })

    test.each(AT_DPS)("in state %i a refusal: first the clock, then every 10 min or more", state => {
        const first = after(inState(state), FaultKind.Refused)
        expect(first).toMatchObject({ state, action: AgentAction.RefreshClock })
        expect(after(first, FaultKind.Refused)).toMatchObject({
            state,
            action: AgentAction.Go,
            delayMs: SLOW_MS,
        })
    })

    test.each(AT_DPS)(
        "in state %i failed and disabled are the operator's: every 10 min or more, by registering",
        state => {
            const then = after(inState(state), FaultKind.Rejected)
            expect(then).toMatchObject({ state: AgentPhase.Register, delayMs: SLOW_MS })
        }
    )

    test.each(AT_DPS)("in state %i silence seven times in a row reboots", state => {
        expect(after(inState(state, { timeouts: 5 }), FaultKind.Timeout).action).toBe(AgentAction.Go)
        expect(after(inState(state, { timeouts: 6 }), FaultKind.Timeout).action).toBe(AgentAction.Reboot)
    })

    test("no network is no try: nothing is counted, and what was to be done still is", () => {
        const before = { failures: 2, timeouts: 1, refusals: 1, lostMs: 7, action: AgentAction.RefreshClock }
        for (const state of STATES)
            expect(after(inState(state, before), FaultKind.Offline)).toMatchObject({ state, ...before })
    })
})

/** A life on its way: what it does next, and what the rules need to know of what was. */
interface Trail {
    life: AgentState
    /** When the work of `life.state` begins. */
    atMs: number
    /** When the hub was lost, or last handed back by DPS, as far as there was no stable session since. */
    lostMs?: number
    /** Whether anything has failed since the last stable session. */
    failed: boolean
    /** When a registration last began that gave a hub, and nobody asked for another since. */
    registeredMs?: number
}

const isHub = (state: AgentPhase) => state === AgentPhase.Connect || state === AgentPhase.Moored
const isServers = (event: number) => event === FaultKind.ServerError || event === FaultKind.Unavailable

/** What can happen in a state: every fault in each, and what its work may lead to. */
function eventsIn(state: AgentPhase): number[] {
    const outcomes = {
        [AgentPhase.FindHub]: [AgentEvent.Known, AgentEvent.Unknown],
        [AgentPhase.Register]: [AgentEvent.Assigned, AgentEvent.Returned],
        [AgentPhase.Connect]: [AgentEvent.Stable, AgentEvent.Renew, AgentEvent.Reprovision],
        [AgentPhase.Moored]: [AgentEvent.Renew, AgentEvent.Reprovision],
    }
    return [...FAULTS, FaultKind.Offline, ...outcomes[state]]
}

/** One event more, `tookMs` after the work began. @throws Error naming the rule that the policy broke */
function follow(trail: Trail, event: number, tookMs: number, retryAfterSec: number, random: number): Trail {
    const { life } = trail
    const nowMs = trail.atMs + tookMs
    const then = next(life, event, retryAfterSec, nowMs, FLEET_MS, random)
    const atMs = nowMs + then.delayMs
    const rule = (isKept: boolean, text: string) => {
        if (!isKept) throw new Error(`${text}: ${JSON.stringify({ event, before: trail, then, atMs })}`)
    }
    const hub = isHub(life.state)
    const isFault = FAULTS.includes(event)
    const lostMs = hub && isFault ? (trail.lostMs ?? nowMs) : trail.lostMs
    const gapMs = atMs - trail.atMs
    if (isFault) {
        rule(!(retryAfterSec > 0) || then.delayMs >= retryAfterSec * 1000, "retry-after is honoured")
        rule(gapMs >= 1000, "no two calls within a second")
        const stays = hub ? then.state === AgentPhase.Connect : then.state === life.state
        rule(stays || then.state === AgentPhase.Register, "a fault leads to another try or to registration")
    }
    if (isFault && hub && then.state === AgentPhase.Connect) {
        const leastMs = isServers(event) && !trail.failed ? SERVER_ERROR_MS : HUB_GAP_MS
        rule(gapMs >= leastMs, "a minute between hub calls, but for the first after a server error")
    }
    if (isFault && hub && then.state === AgentPhase.Register) {
        const isRefusedAgain = event === FaultKind.Refused && life.action === AgentAction.RefreshClock
        const isSpent = nowMs - (lostMs ?? nowMs) >= HUB_WINDOW_MS
        rule(isRefusedAgain || isSpent, "registration after two refusals or a spent window only")
    }
    if (isFault && !hub) {
        rule(!isServers(event) || gapMs >= SERVER_ERROR_MS, "5 s after a server error of DPS")
        rule(event !== FaultKind.Rejected || gapMs >= SLOW_MS, "10 min for the operator")
        const isFirst = event === FaultKind.Refused && then.action === AgentAction.RefreshClock
        rule(event !== FaultKind.Refused || isFirst || gapMs >= SLOW_MS, "10 min once the clock is fresh")
    }
    const isAgain = then.state === AgentPhase.Register && life.state !== AgentPhase.Register
    const asked = event === AgentEvent.Reprovision
    if (isAgain && !asked && trail.registeredMs !== undefined)
        rule(atMs - trail.registeredMs >= 2 * HUB_GAP_MS, "two tries of the hub between two registrations")
    const given = event === AgentEvent.Assigned || event === AgentEvent.Returned
    const stable = event === AgentEvent.Stable
    // The hub that DPS hands back is as dead as it was: its next window begins now.
    const again = event === AgentEvent.Returned && lostMs !== undefined ? nowMs : undefined
    return {
        life: then,
        atMs,
        lostMs: event === AgentEvent.Assigned || stable ? undefined : (again ?? lostMs),
        failed: stable ? false : trail.failed || isFault,
        registeredMs: given ? trail.atMs : asked || stable ? undefined : trail.registeredMs,
    }
}

const begin = (life: AgentState): Trail => ({ life, atMs: 1000, failed: life.failures > 0 })

describe("no path reaches DPS or the hub faster than the rules allow", () => {
    test.each(STATES)("from state %i, through every five events, with the shortest waits", state => {
        let paths = 0
        const search = (trail: Trail, depth: number): void => {
            if (depth === 0) {
                paths++
                return
            }
            for (const event of eventsIn(trail.life.state)) search(follow(trail, event, 0, 0, 0), depth - 1)
        }
        search(begin(inState(state)), 5)
        expect(paths).toBeGreaterThan(100_000)
    })

    test("from any state, through hundreds of events, whatever their timing, retry-after and chance", () => {
        const event = fc.record({
            index: fc.nat(),
            tookMs: fc.oneof(fc.nat(1000), fc.nat(3 * HOUR_MS)),
            retryAfterSec: fc.oneof(fc.constant(0), fc.nat(7200), fc.constantFrom(NaN, -5, 86_400)),
            random: fc.oneof(fc.constant(0), chance),
        })
        fc.assert(
            fc.property(
                fc.constantFrom(...STATES),
                fc.array(event, { minLength: 20, maxLength: 300 }),
                (state, list) => {
                    let trail = begin(inState(state))
                    for (const { index, tookMs, retryAfterSec, random } of list) {
                        const events = eventsIn(trail.life.state)
                        const one = events[index % events.length]
                        const isAsked = one === AgentEvent.Reprovision
                        trail = follow(trail, one, tookMs, isAsked ? 0 : retryAfterSec, random)
                    }
                }
            ),
            { numRuns: 300 }
        )
    })

    test("registrations of a board whose hubs all fail are ten minutes apart on average, but for the first", () => {
        const failing = fc.array(fc.constantFrom(...FAULTS), { minLength: 1, maxLength: 12 })
        fc.assert(
            fc.property(failing, fc.boolean(), (faults, same) => {
                let trail = begin(inState(AgentPhase.Register))
                let registrations = 0
                for (let i = 0; trail.atMs < 24 * HOUR_MS; i++) {
                    const isRegister = trail.life.state === AgentPhase.Register
                    if (isRegister) registrations++
                    const given = same ? AgentEvent.Returned : AgentEvent.Assigned
                    trail = follow(trail, isRegister ? given : faults[i % faults.length], 0, 0, 0)
                }
                expect(registrations).toBeLessThanOrEqual(24 * 6 + 3)
            })
        )
    })
})

describe("from any life", () => {
    test("a healthy cloud leads to moored in three steps at most", () => {
        fc.assert(
            fc.property(lives, fc.boolean(), (any, known) => {
                let life: AgentState = any
                let steps = 0
                while (life.state !== AgentPhase.Moored) {
                    if (life.state === AgentPhase.FindHub)
                        life = after(life, known ? AgentEvent.Known : AgentEvent.Unknown)
                    else if (life.state === AgentPhase.Register) life = after(life, AgentEvent.Assigned)
                    else life = after(life, AgentEvent.Stable)
                    expect(++steps).toBeLessThanOrEqual(3)
                }
            })
        )
    })

    test("two registrations are ten minutes, or a hub's window, apart once four tries have failed", () => {
        // A hub that refuses for ever: clock, registration, clock, registration ... until it is hopeless.
        let life = after(inState(AgentPhase.Register), AgentEvent.Assigned)
        let nowMs = 1000
        const registeredMs: number[] = []
        while (nowMs < 12 * HOUR_MS) {
            life = after(life, FaultKind.Refused, { nowMs })
            nowMs += life.delayMs
            if (life.state !== AgentPhase.Register) continue
            registeredMs.push(nowMs)
            life = after(life, AgentEvent.Returned, { nowMs })
        }
        const gaps = registeredMs.slice(1).map((ms, i) => ms - registeredMs[i])
        for (const gap of gaps.slice(2)) expect(gap).toBeGreaterThanOrEqual(SLOW_MS)
    })
})
