// The fleet model at sizes at which each of its rules can be checked.
import { DOCUMENTED_QUOTAS } from "@moorage/emulator"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
    azureSdkForC,
    cumulative,
    DEFAULT_LATENCIES,
    type FleetCurve,
    type ModelOptions,
    noJitter,
    moorageStrategy,
    planSlots,
    requirementFormula,
    simulateRebootStorm,
    simulateRollout,
    slotOf,
} from "../../../../tools/simulator/model/index.js"

const RATE = { calls: 1000, perSec: 60 }
const PER_SEC = RATE.calls / RATE.perSec
const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0)
const fleet = (devices: number) => ({ load: 1, devices, perSec: PER_SEC })
const quotas = (calls: number, perSec: number) => ({
    ...DOCUMENTED_QUOTAS,
    dpsRegistrations: { calls, perSec },
    dpsOperations: { calls, perSec },
})

/** Returns by how much the counts per second exceed a token bucket over any period; at most 0 if they never do. */
function excess(perBin: number[], { calls, perSec }: { calls: number; perSec: number }): number {
    const total = [0, ...cumulative(perBin)]
    let max = -Infinity
    for (let from = 0; from < total.length; from++)
        for (let to = from + 1; to < total.length; to++)
            max = Math.max(max, total[to] - total[from] - calls - ((to - from) * calls) / perSec)
    return max
}

const strategies = (devices: number): [string, Partial<ModelOptions>][] => [
    ["no jitter", { strategy: noJitter() }],
    ["azure-sdk-for-c", { strategy: azureSdkForC() }],
    ["requirement formula", { strategy: requirementFormula(fleet(devices)) }],
    ["Moorage without slots", { strategy: moorageStrategy(fleet(devices)) }],
    ["Moorage with slots", { strategy: moorageStrategy(fleet(devices)), slots: planSlots(RATE, 1) }],
]

describe.each([
    ["without retry-after", false],
    ["with retry-after", true],
])("a fleet that is throttled %s", (_, sendsRetryAfter) => {
    const devices = 2500
    test.each(strategies(devices))(
        "%s: every board registers once and is moored, never over the quota",
        (_, options) => {
            const curve = simulateRollout({ devices, sendsRetryAfter, binSec: 1, ...options })
            expect(curve.mooredBoards).toBe(devices)
            expect(sum(curve.moored)).toBe(devices)
            expect(sum(curve.registered)).toBe(devices)
            expect(excess(curve.registered, RATE)).toBeLessThanOrEqual(0)
            // Not earlier than the initial fill of the bucket allows.
            expect(curve.registeredSec).toBeGreaterThanOrEqual((devices - RATE.calls) / PER_SEC)
        }
    )

    test.each(strategies(devices))("%s: the same seed gives the same run", (_, options) => {
        const run = (seed: number) =>
            simulateRollout({ devices, sendsRetryAfter, binSec: 1, seed, ...options })
        expect(run(7)).toEqual(run(7))
    })

    test("Moorage with slots: under 0.01 429 answers per board, within 1.05 of the limit", () => {
        const many = 20_000
        const slots = planSlots(RATE, 1)
        const curve = simulateRollout({ devices: many, sendsRetryAfter, slots })
        expect(curve.limitSec).toBe(1200)
        expect(curve.throttledPerDevice).toBeLessThan(0.01)
        expect(curve.mooredSec / curve.limitSec).toBeLessThan(1.05)
    })

    test("Moorage with short slots: the same with a service that saves at most one second of its quota", () => {
        const slots = planSlots(RATE, 0.96, 1)
        const curve = simulateRollout({ devices: 20_000, sendsRetryAfter, slots, quotas: quotas(PER_SEC, 1) })
        expect(curve.throttledPerDevice).toBeLessThan(0.01)
        expect(curve.mooredSec / curve.limitSec).toBeLessThan(1.06)
    })
})

test("another seed gives another run", () => {
    const run = (seed: number) =>
        simulateRollout({ devices: 500, seed, binSec: 1, slots: planSlots(RATE, 1) })
    expect(run(8).registered).not.toEqual(run(7).registered)
})

describe("a small fleet whose counts are known", () => {
    // One token per second, and one at the start.
    const options = { quotas: quotas(1, 1), sendsRetryAfter: false, binSec: 1, pollSec: 3 }
    const latencies = { ...DEFAULT_LATENCIES, dnsMs: 0, rttMs: 0, tlsMs: 0, turnMs: 0 }

    test("no jitter: one board is accepted per retry interval, and the others get one more 429 answer", () => {
        // A retry takes 100 ms to end the session, 1 s of wait and 20 ms before the next connection.
        const curve = simulateRollout({ ...options, devices: 4, latencies, strategy: noJitter() })
        expect(sum(curve.throttled)).toBe(3 + 2 + 1)
        expect(curve.registeredSec).toBeCloseTo(curve.mooredSec - (3 + 0.1 + 0.02), 3)
        // Boot 1.73 s, time 20 ms, then three retries.
        expect(curve.registeredSec).toBeCloseTo(1.73 + 0.02 + 0.02 + 3 * 1.12, 3)
    })

    test("azure-sdk-for-c: at its maximum wait all remaining boards call together", () => {
        const scarce = quotas(1, 100)
        const curve = simulateRollout({
            ...options,
            devices: 30,
            quotas: scarce,
            strategy: azureSdkForC(),
            horizonSec: 4000,
        })
        // Late in the run, every remaining board calls once per 100 s, within at most 36 s.
        const late = curve.throttled.slice(2000, 2100)
        const busy = late.filter(count => count > 0).length
        expect(sum(late)).toBeGreaterThan(0)
        expect(busy).toBeLessThanOrEqual(36)
    })

    test("a throttled lookup is repeated as a lookup, and a registration follows", () => {
        const devices = 3
        const curve = simulateRollout({ ...options, devices, strategy: moorageStrategy(fleet(devices)) })
        expect(curve.mooredBoards).toBe(3)
        expect(sum(curve.throttled)).toBeGreaterThan(0)
    })
})

describe("slots", () => {
    test("have as many boards as the quota allows, and every board has a slot", () => {
        expect(planSlots(RATE, 1)).toEqual({ boardsPerSlot: 1000, slotSec: 60 })
        expect(planSlots(RATE, 0.98, 3)).toEqual({ boardsPerSlot: 49, slotSec: 3 })
        const plan = { boardsPerSlot: 10, slotSec: 60 }
        expect([0, 9, 10, 25].map(board => slotOf(plan, board))).toEqual([0, 0, 1, 2])
    })

    test("never have more boards than the rate allows", () => {
        const integer = (max: number) => fc.integer({ min: 1, max })
        fc.assert(
            fc.property(
                integer(5000),
                integer(120),
                fc.double({ min: 0.01, max: 1, noNaN: true }),
                integer(600),
                (calls, perSec, load, slotSec) => {
                    const perSlot = (calls / perSec) * slotSec * load
                    fc.pre(perSlot >= 1)
                    const { boardsPerSlot } = planSlots({ calls, perSec }, load, slotSec)
                    expect(boardsPerSlot).toBeLessThanOrEqual(perSlot + 1e-6)
                    expect(boardsPerSlot).toBeGreaterThan(perSlot - 1)
                }
            )
        )
    })

    test("that are too short for one board are rejected", () => {
        expect(() => planSlots({ calls: 1, perSec: 60 }, 1, 30)).toThrow(RangeError)
    })

    test("are respected: no board asks DPS before or after its slot", () => {
        const slots = { boardsPerSlot: 100, slotSec: 30 }
        const { registered } = simulateRollout({ devices: 300, slots, binSec: 30 })
        // The steps of a board before its register request arrives take less than 4 s.
        expect(registered[0]).toBeLessThanOrEqual(100)
        expect(registered[0] + registered[1]).toBeLessThanOrEqual(200)
        expect(registered[0]).toBeGreaterThan(60)
        expect(sum(registered.slice(0, 4))).toBe(300)
    })
})

describe("a reboot storm", () => {
    const storm = (devices: number, connackMs: number, quotas = DOCUMENTED_QUOTAS): FleetCurve =>
        simulateRebootStorm({
            devices,
            quotas,
            binSec: 1,
            latencies: { ...DEFAULT_LATENCIES, connackMs },
            horizonSec: 1800,
        })

    test("sends no request to DPS during the hub window", () => {
        const curve = storm(20_000, 70_000)
        expect(curve.mooredBoards).toBe(20_000)
        expect(sum(curve.registered) + sum(curve.throttled)).toBe(0)
    })

    test("is moored at most at the rate of the hub, after the initial burst", () => {
        const curve = storm(20_000, 70_000)
        expect(excess(curve.moored, { calls: 100, perSec: 1 })).toBeLessThanOrEqual(0)
        expect(curve.limitSec).toBe(200)
    })

    test("takes less time with several hubs", () => {
        const one = simulateRebootStorm({ devices: 6000 })
        const three = simulateRebootStorm({ devices: 6000, hubs: 3 })
        expect(three.mooredBoards).toBe(6000)
        expect(three.limitSec).toBe(one.limitSec / 3)
        expect(three.mooredSec).toBeLessThan(one.mooredSec / 2)
    })

    test("that is larger than the hub's queue starves boards that wait for CONNACK no longer than the hub queues them", () => {
        const hubConnects = { calls: 10, perSec: 1 }
        const moored = (connackMs: number) =>
            storm(10_000, connackMs, { ...DOCUMENTED_QUOTAS, hubConnects }).mooredBoards
        expect(moored(60_000)).toBeLessThan(2_500)
        expect(moored(70_000)).toBe(10_000)
    })
})

test("polls that DPS would throttle are rejected", () => {
    expect(() => simulateRollout({ devices: 1, pollSec: 1 })).toThrow(RangeError)
})
