// The waits of devs/retry/backoff.ts, tested in Node with the code that boards run.
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
    backoffCeilingMs,
    fleetThrottleCeilingMs,
    slotMs,
    uniformMs,
    WAIT_MAX_MS,
} from "../../../../devs/retry/backoff"
import { CAP_MS } from "../../../../devs/retry/retry-policy"
import { anyNumber, HOUR_MS, randomUnit } from "../../../helpers/policy-states.js"

describe("a wait of the backoff", () => {
    test("is an integer within its limits for any random number", () => {
        fc.assert(
            fc.property(fc.nat(WAIT_MAX_MS), fc.nat(2 * WAIT_MAX_MS), randomUnit, (min, max, random) => {
                const ms = uniformMs(min, max, random)
                expect(Number.isInteger(ms)).toBe(true)
                expect(ms).toBeGreaterThanOrEqual(Math.max(1, min))
                expect(ms).toBeLessThanOrEqual(Math.max(1, min, max))
            })
        )
    })

    test("is never 0, negative, NaN or over two days for any input", () => {
        fc.assert(
            fc.property(anyNumber, anyNumber, anyNumber, randomUnit, (a, b, c, random) => {
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

    test("of the fleet formula is at most (1/load) * (N/cps) * 1000 ms, and the maximum is at least 1 s", () => {
        expect(fleetThrottleCeilingMs(1, 10_000, 100)).toBe(100_000)
        expect(fleetThrottleCeilingMs(0.5, 10_000, 100)).toBe(200_000)
        expect(fleetThrottleCeilingMs(2, 12_000, 200)).toBe(30_000)
        expect(fleetThrottleCeilingMs(1, 1, 100)).toBe(1000)
    })

    test("of the fleet formula is from 1 s to a day for any settings", () => {
        // The ranges that readBoardSettings() accepts.
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

    test("for a slot ends within the slot", () => {
        fc.assert(
            fc.property(fc.nat(10_000), fc.nat(86_400), randomUnit, (slot, slotSec, random) => {
                const ms = slotMs(slot, slotSec, random)
                expect(ms).toBeGreaterThanOrEqual(slot * slotSec * 1000)
                expect(ms).toBeLessThanOrEqual((slot + 1) * slotSec * 1000)
            })
        )
    })
})
