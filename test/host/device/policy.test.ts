import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { FaultKind } from "../../../devs/fault"
import { backoffTopMs, uniformMs } from "../../../devs/retry/backoff"
import { Action, decide, HUB_GAP_MS, HUB_WINDOW_MS, Service, type Tries } from "../../../devs/retry/policy"

const NONE: Tries = { failures: 0, refusals: 0, silences: 0, lostMs: 0 }
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const tries = fc.record({
    failures: fc.nat(),
    refusals: fc.nat(),
    silences: fc.nat(),
    lostMs: fc.nat(10 * HUB_WINDOW_MS),
})
const kind = fc.integer({ min: FaultKind.Network, max: FaultKind.Rejected })
const service = fc.constantFrom(Service.Dps, Service.Hub)

describe("the backoff", () => {
    test("is a whole number within its limits, for any chance", () => {
        fc.assert(
            fc.property(fc.nat(1e9), fc.nat(1e9), chance, (min, max, random) => {
                const ms = uniformMs(min, max, random)
                expect(Number.isInteger(ms)).toBe(true)
                expect(ms).toBeGreaterThanOrEqual(Math.max(1, min))
                expect(ms).toBeLessThanOrEqual(Math.max(1, min, max))
            })
        )
    })

    test("doubles up to its cap and never overflows", () => {
        expect([0, 1, 2, 3, 4].map(n => backoffTopMs(n, 1000, 10_000))).toEqual([
            1000, 2000, 4000, 8000, 10_000,
        ])
        for (const failures of [30, 31, 1e6, 2 ** 31, 2 ** 53])
            expect(backoffTopMs(failures, 1000, 10_000)).toBe(10_000)
    })

    test("keeps full jitter at the cap", () => {
        expect(uniformMs(1000, backoffTopMs(99, 1000, 300_000), 0)).toBe(1000)
        expect(uniformMs(1000, backoffTopMs(99, 1000, 300_000), 0.999999)).toBeGreaterThan(299_000)
    })
})

describe("the policy", () => {
    test("every delay is a whole number of at least a second, whatever happened", () => {
        fc.assert(
            fc.property(
                service,
                kind,
                tries,
                fc.nat(86_400),
                chance,
                (at, seen, state, retryAfterSec, random) => {
                    const { delayMs } = decide(at, seen, state, retryAfterSec, random)
                    expect(Number.isInteger(delayMs)).toBe(true)
                    expect(delayMs).toBeGreaterThanOrEqual(1000)
                }
            ),
            { numRuns: 5000 }
        )
    })

    test("retry-after is never undercut, whatever else is known", () => {
        fc.assert(
            fc.property(
                service,
                kind,
                tries,
                fc.integer({ min: 1, max: 86_400 }),
                chance,
                (at, seen, state, sec, random) => {
                    expect(decide(at, seen, state, sec, random).delayMs).toBeGreaterThanOrEqual(sec * 1000)
                }
            )
        )
    })

    test("hub tries are at least a minute apart, but for the first after a server error: 5 s", () => {
        fc.assert(
            fc.property(kind, tries, chance, (seen, state, random) => {
                const { delayMs } = decide(Service.Hub, seen, state, 0, random)
                const first =
                    !state.failures && (seen === FaultKind.ServerError || seen === FaultKind.Unavailable)
                if (seen !== FaultKind.Throttled)
                    expect(delayMs).toBeGreaterThanOrEqual(first ? 5000 : HUB_GAP_MS)
            })
        )
    })

    test("a server error waits at least 5 s, at DPS too", () => {
        fc.assert(
            fc.property(tries, chance, (state, random) => {
                expect(
                    decide(Service.Dps, FaultKind.ServerError, state, 0, random).delayMs
                ).toBeGreaterThanOrEqual(5000)
            })
        )
    })

    test("hub refusal: first the clock, then registration", () => {
        expect(decide(Service.Hub, FaultKind.Refused, NONE, 0, 0).action).toBe(Action.RefreshClock)
        expect(decide(Service.Hub, FaultKind.Refused, { ...NONE, refusals: 1 }, 0, 0).action).toBe(
            Action.Register
        )
    })

    test("a hub that refuses what DPS just assigned is registered for every 10 min or more", () => {
        const again = decide(Service.Hub, FaultKind.Refused, { ...NONE, refusals: 1, failures: 4 }, 0, 0)
        expect(again).toEqual({ action: Action.Register, delayMs: 600_000 })
    })

    test("DPS refusal: first the clock, then every 10 min or more", () => {
        expect(decide(Service.Dps, FaultKind.Refused, NONE, 0, 0).action).toBe(Action.RefreshClock)
        const second = decide(Service.Dps, FaultKind.Refused, { ...NONE, refusals: 1 }, 0, 0)
        expect(second).toEqual({ action: Action.Retry, delayMs: 600_000 })
    })

    test("failed and disabled are retried every 10 min or more", () => {
        expect(decide(Service.Dps, FaultKind.Rejected, NONE, 0, 0).delayMs).toBe(600_000)
    })

    test("the hub is not given up before its window has passed", () => {
        const within = { ...NONE, failures: 9, lostMs: HUB_WINDOW_MS - 1 }
        expect(decide(Service.Hub, FaultKind.Network, within, 0, 0).action).toBe(Action.Retry)
        expect(
            decide(Service.Hub, FaultKind.Network, { ...within, lostMs: HUB_WINDOW_MS }, 0, 0).action
        ).toBe(Action.Register)
    })

    test("silence six times in a row reboots", () => {
        expect(decide(Service.Hub, FaultKind.Timeout, { ...NONE, silences: 5 }, 0, 0).action).toBe(
            Action.Retry
        )
        expect(decide(Service.Hub, FaultKind.Timeout, { ...NONE, silences: 6 }, 0, 0).action).toBe(
            Action.Reboot
        )
    })
})
