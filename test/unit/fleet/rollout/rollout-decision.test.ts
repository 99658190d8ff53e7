// What comes next in a roll-out, decided from what has happened and what was seen.
import { describe, expect, test } from "vitest"
import {
    decide,
    expectedCount,
    lateSec,
    type RolloutRules,
    type Observation,
} from "../../../../tools/fleet/rollout/rollout-decision.js"
import {
    ALL_HOURS,
    makeRolloutPlan,
    type RolloutPlan,
    parseThrottledCount,
} from "../../../../tools/fleet/rollout/index.js"
import { ThrottleWindow } from "../../../../tools/fleet/rollout/throttle-window.js"

const START_MS = Date.UTC(2026, 10, 30, 8)
const MIN_MS = 60_000
const RULES: RolloutRules = {
    requiredShare: 0.99,
    maxFailedShare: 0.01,
    maxThrottled: 10,
    maxLateSec: 600,
    ignoresSchedule: false,
}

/** 100 boards in waves of 10 and 90; the second is cut in two by the end of the first day. */
async function planOf(soakSec = 0): Promise<RolloutPlan> {
    const ids = Array.from({ length: 100 }, (_, i) => `b-${i}`)
    return makeRolloutPlan(
        { ids, lines: ids.map((_, i) => i + 2), sha256: "0".repeat(64), hasTight: false },
        {
            limits: {
                registrations: { calls: 1, perSec: 30 },
                hubConnects: { calls: 100, perSec: 1 },
                hubs: 1,
                load: 1,
            },
            waves: [0.1, 1],
            startMs: START_MS,
            hours: { ...ALL_HOURS, from: "08:00", to: "08:30" },
            timeZone: "UTC",
            soakSec,
            batchMax: Infinity,
        }
    )
}

const at = (minutes: number) => START_MS + minutes * MIN_MS
const seen = (more: Partial<Observation> = {}): Observation => ({
    boards: 10,
    registered: 10,
    failed: 0,
    throttled: 0,
    atMs: START_MS,
    ...more,
})
const progress = (openedMs: number[], doneMs: number[] = []) => ({ openedMs, doneMs })

test("the plan of these tests has batches of 10, 48 and 42 boards", async () => {
    const { batches } = await planOf()
    expect(batches.map(({ boards, startUtc }) => [boards, startUtc.slice(8, 16)])).toEqual([
        [10, "30T08:00"],
        [48, "30T08:06"],
        [42, "01T08:00"],
    ])
})

describe("a batch", () => {
    test("waits for its planned time, and is due then", async () => {
        const plan = await planOf()
        const none = seen({ boards: 0, registered: 0 })
        expect(decide(plan, progress([]), none, RULES, at(-5), false)).toMatchObject({
            phase: "waiting",
            nextBatch: 1,
            dueMs: START_MS,
            isDue: false,
        })
        expect(decide(plan, progress([]), none, RULES, at(0), false)).toMatchObject({ isDue: true })
    })

    test("is open while its slots run, and watched until enough boards are registered", async () => {
        const plan = await planOf()
        const opened = progress([at(0)])
        expect(decide(plan, opened, seen(), RULES, at(4.9), false).phase).toBe("open")
        const some = seen({ registered: 9, atMs: at(5) })
        expect(decide(plan, opened, some, RULES, at(5), false).phase).toBe("watching")
        expect(decide(plan, opened, seen(), RULES, at(5), false).isWaveDone).toBe(true)
    })

    test("of the same wave follows when the boards before it are registered, as planned", async () => {
        const plan = await planOf()
        const opened = progress([at(0), at(6)], [at(5)])
        const all = seen({ boards: 48, registered: 48, atMs: at(31) })
        const decision = decide(plan, opened, all, RULES, at(31), false)
        expect(decision).toMatchObject({ phase: "waiting", nextBatch: 3, isDue: false, isWaveDone: false })
        expect(decision.dueMs).toBe(Date.parse(plan.batches[2].startUtc))
    })

    test("that is late waits for hours into which it fits", async () => {
        const plan = await planOf()
        const done = progress([at(0)], [at(20)])
        // 24 min of slots do not fit between 08:20 and 08:30.
        const next = decide(plan, done, seen(), RULES, at(20), false)
        expect(next.dueMs).toBe(at(24 * 60))
        expect(decide(plan, done, seen(), RULES, at(24 * 60), false).isDue).toBe(true)
        expect(decide(plan, done, seen(), { ...RULES, ignoresSchedule: true }, at(20), false).isDue).toBe(
            true
        )
    })

    test("whose plan is long past is opened in working hours all the same", async () => {
        const plan = await planOf()
        const none = seen({ boards: 0, registered: 0 })
        const night = at(60 * 20)
        expect(decide(plan, progress([]), none, RULES, night, false).dueMs).toBe(at(24 * 60))
        expect(
            decide(plan, progress([]), none, { ...RULES, ignoresSchedule: true }, night, false).isDue
        ).toBe(true)
    })

    test("of the next wave waits for the pause, also when planned times do not count", async () => {
        const plan = await planOf(3600)
        const rules = { ...RULES, ignoresSchedule: true }
        const done = progress([at(0)], [at(5)])
        expect(decide(plan, done, seen(), rules, at(30), false)).toMatchObject({
            dueMs: at(65),
            isDue: false,
        })
        expect(decide(plan, done, seen(), rules, at(65), false).isDue).toBe(true)
    })
})

describe("the next batch is held", () => {
    const held = async (more: Partial<Observation>, minutes = 5, isApproved = false) =>
        decide(
            await planOf(),
            progress([at(0)]),
            seen({ atMs: at(minutes), ...more }),
            RULES,
            at(minutes),
            isApproved
        )
    const kinds = ({ reasons }: { reasons: { kind: string }[] }) => reasons.map(({ kind }) => kind)

    test("while more boards failed than may, and says how many", async () => {
        const decision = await held({ registered: 9, failed: 1 })
        expect(decision.phase).toBe("held")
        expect(decision.reasons[0].text).toBe(
            "1 of the wave's 10 boards failed to register, which is over 1 %"
        )
        expect(decision.reasons[0].cure).not.toBe("")
        expect((await held({ registered: 10, failed: 0 })).phase).toBe("watching")
    })

    test("while there were more 429s than may be", async () => {
        expect(kinds(await held({ throttled: 11 }))).toEqual(["throttled"])
        expect(kinds(await held({ throttled: 10 }))).toEqual([])
    })

    test("while registrations are further behind the prediction than may be", async () => {
        expect(kinds(await held({ registered: 5 }, 12))).toEqual([])
        const decision = await held({ registered: 5 }, 15)
        expect(kinds(decision)).toEqual(["late"])
        expect(decision.reasons[0].text).toMatch(
            /^5 boards of the wave are registered where 10 should be: 1\d min late$/
        )
    })

    test("while DPS cannot be asked", async () => {
        expect(kinds(await held({ staleReason: "Cannot reach DPS." }))).toEqual(["blind"])
    })

    test("for all of these at once; a person may approve it all the same", async () => {
        const bad = { registered: 3, failed: 4, throttled: 99, staleReason: "Cannot reach DPS." }
        expect(kinds(await held(bad, 60))).toEqual(["blind", "failures", "throttled", "late"])
        expect(await held(bad, 60, true)).toMatchObject({ phase: "watching", isWaveDone: true, reasons: [] })
    })
})

test("all waves done is the end", async () => {
    const plan = await planOf()
    const opened = [at(0), at(6), at(24 * 60)]
    const all = seen({ boards: 90, registered: 90, atMs: at(1500) })
    expect(decide(plan, progress(opened, [at(5)]), all, RULES, at(1500), false)).toMatchObject({
        phase: "watching",
        isWaveDone: true,
    })
    expect(decide(plan, progress(opened, [at(5), at(1500)]), all, RULES, at(1500), false).phase).toBe("done")
})

describe("lateness", () => {
    test("is how long ago the prediction was where the boards are now", async () => {
        const plan = await planOf()
        const opened = progress([at(0)])
        const half = expectedCount(plan, 1, opened, at(2.5))
        expect(half).toBeGreaterThan(3)
        expect(half).toBeLessThan(7)
        const behind = lateSec(plan, opened, seen({ registered: half, atMs: at(4) }), 1)
        expect(behind).toBeGreaterThan(80)
        expect(behind).toBeLessThan(100)
        expect(lateSec(plan, opened, seen({ registered: 10, atMs: at(2) }), 1)).toBe(0)
    })

    test("does not grow for the few boards that need not register", async () => {
        const plan = await planOf()
        const days = progress([at(0)])
        expect(lateSec(plan, days, seen({ registered: 9, atMs: at(9999) }), 0.9)).toBe(0)
        expect(lateSec(plan, days, seen({ registered: 9, atMs: at(9999) }), 0.99)).toBeGreaterThan(9000 * 60)
    })
})

describe("429s", () => {
    test("of a metric are those to devices, of every call", () => {
        const text = [
            "# TYPE moorage_dps_requests_total counter",
            'moorage_dps_requests_total{call="register",status="429"} 7',
            'moorage_dps_requests_total{call="register",status="202"} 100',
            'moorage_dps_requests_total{status="429",call="lookup"} 1.2e+1',
            'moorage_http_requests_total{service="dps",status="429"} 1000',
        ].join("\n")
        expect(parseThrottledCount(text)).toBe(19)
        expect(parseThrottledCount("")).toBe(0)
    })

    test("count for ten minutes, from the second reading on; a counter may begin anew", () => {
        const window = new ThrottleWindow()
        window.record("devices", 50, 0)
        expect(window.countAt(0)).toBe(0)
        window.record("devices", 60, MIN_MS)
        window.record("own", 0, MIN_MS)
        window.record("own", 3, 2 * MIN_MS)
        window.record("devices", 4, 3 * MIN_MS)
        expect(window.countAt(3 * MIN_MS)).toBe(17)
        expect(window.countAt(11 * MIN_MS)).toBe(7)
        expect(window.countAt(20 * MIN_MS)).toBe(0)
    })
})
