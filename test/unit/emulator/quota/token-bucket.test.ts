// Token buckets, the base of all throttles.
import { ManualClock } from "@moorage/runtime"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { TokenBucket, DeviceBuckets } from "../../../../tools/emulator/quota/token-bucket.js"

describe("a token bucket", () => {
    test("gives its tokens immediately, then refuses with the time to wait", () => {
        const clock = new ManualClock()
        const bucket = new TokenBucket({ calls: 3, perSec: 60 }, clock)
        expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 0])
        expect(bucket.take()).toBeCloseTo(20)
        clock.advance(20_000)
        expect(bucket.take()).toBe(0)
        expect(bucket.take()).toBeCloseTo(20)
    })

    test("has a token after the returned time", () => {
        fc.assert(
            fc.property(
                fc.integer({ min: 1, max: 1000 }),
                fc.integer({ min: 1, max: 100 }),
                fc.array(fc.nat(5000), { maxLength: 60 }),
                (calls, perSec, pauses) => {
                    const clock = new ManualClock()
                    const bucket = new TokenBucket({ calls, perSec }, clock)
                    for (const pauseMs of pauses) {
                        clock.advance(pauseMs)
                        const waitSec = bucket.take()
                        if (waitSec === 0) continue
                        clock.advance(Math.ceil(waitSec * 1000))
                        expect(bucket.take()).toBe(0)
                    }
                }
            )
        )
    })

    test("never exceeds its rate in any period, apart from the first fill", () => {
        const clock = new ManualClock()
        const bucket = new TokenBucket({ calls: 100, perSec: 1 }, clock)
        let given = 0
        for (let ms = 0; ms < 10_000; ms++) {
            if (bucket.take() === 0) given++
            clock.advance(1)
        }
        expect(given).toBeGreaterThanOrEqual(1000)
        expect(given).toBeLessThanOrEqual(1100)
    })

    test("exists per device", () => {
        const clock = new ManualClock()
        const buckets = new DeviceBuckets({ calls: 1, perSec: 10 }, clock)
        expect([buckets.take("a"), buckets.take("b")]).toEqual([0, 0])
        expect(buckets.take("a")).toBeCloseTo(10)
    })
})
