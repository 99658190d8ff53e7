// Tests the decisions of a roll-out for given progress and observations.
import { describe, expect, test } from "vitest"
import {
    decide,
    type DecisionInput,
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

/** Returns a plan for 100 boards in waves of 10 and 90. The end of the first day splits the second wave into two batches. */
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
const observed = (more: Partial<Observation> = {}): Observation => ({
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

describe("the next batch", () => {
    test("waits for its planned time and is then due", async () => {
        const plan = await planOf()
        const none = observed({ boards: 0, registered: 0 })
        expect(
            decide({
                plan,
                progress: progress([]),
                observation: none,
                rules: RULES,
                nowMs: at(-5),
                isForced: false,
            })
        ).toMatchObject({
            phase: "scheduled",
            nextBatch: 1,
            dueMs: START_MS,
            isDue: false,
        })
        expect(
            decide({
                plan,
                progress: progress([]),
                observation: none,
                rules: RULES,
                nowMs: at(0),
                isForced: false,
            })
        ).toMatchObject({ isDue: true })
    })

    test("waits until the slots are over and enough boards are registered", async () => {
        const plan = await planOf()
        const opened = progress([at(0)])
        expect(
            decide({
                plan,
                progress: opened,
                observation: observed(),
                rules: RULES,
                nowMs: at(4.9),
                isForced: false,
            }).phase
        ).toBe("slotsRunning")
        const incomplete = observed({ registered: 9, atMs: at(5) })
        expect(
            decide({
                plan,
                progress: opened,
                observation: incomplete,
                rules: RULES,
                nowMs: at(5),
                isForced: false,
            }).phase
        ).toBe("awaitingBoards")
        expect(
            decide({
                plan,
                progress: opened,
                observation: observed(),
                rules: RULES,
                nowMs: at(5),
                isForced: false,
            }).isWaveDone
        ).toBe(true)
    })

    test("of the same wave follows at its planned time after the boards of the previous batch are registered", async () => {
        const plan = await planOf()
        const opened = progress([at(0), at(6)], [at(5)])
        const all = observed({ boards: 48, registered: 48, atMs: at(31) })
        const decision = decide({
            plan,
            progress: opened,
            observation: all,
            rules: RULES,
            nowMs: at(31),
            isForced: false,
        })
        expect(decision).toMatchObject({ phase: "scheduled", nextBatch: 3, isDue: false, isWaveDone: false })
        expect(decision.dueMs).toBe(Date.parse(plan.batches[2].startUtc))
    })

    test("waits for working hours that are long enough if it is late", async () => {
        const plan = await planOf()
        const done = progress([at(0)], [at(20)])
        // 24 min of slots do not fit between 08:20 and 08:30.
        const next = decide({
            plan,
            progress: done,
            observation: observed(),
            rules: RULES,
            nowMs: at(20),
            isForced: false,
        })
        expect(next.dueMs).toBe(at(24 * 60))
        expect(
            decide({
                plan,
                progress: done,
                observation: observed(),
                rules: RULES,
                nowMs: at(24 * 60),
                isForced: false,
            }).isDue
        ).toBe(true)
        expect(
            decide({
                plan,
                progress: done,
                observation: observed(),
                rules: { ...RULES, ignoresSchedule: true },
                nowMs: at(20),
                isForced: false,
            }).isDue
        ).toBe(true)
    })

    test("of a plan in the past is opened in the next working hours", async () => {
        const plan = await planOf()
        const none = observed({ boards: 0, registered: 0 })
        const night = at(60 * 20)
        expect(
            decide({
                plan,
                progress: progress([]),
                observation: none,
                rules: RULES,
                nowMs: night,
                isForced: false,
            }).dueMs
        ).toBe(at(24 * 60))
        expect(
            decide({
                plan,
                progress: progress([]),
                observation: none,
                rules: { ...RULES, ignoresSchedule: true },
                nowMs: night,
                isForced: false,
            }).isDue
        ).toBe(true)
    })

    test("of the next wave waits for the soak time, also if the schedule is ignored", async () => {
        const plan = await planOf(3600)
        const rules = { ...RULES, ignoresSchedule: true }
        const done = progress([at(0)], [at(5)])
        expect(
            decide({ plan, progress: done, observation: observed(), rules, nowMs: at(30), isForced: false })
        ).toMatchObject({
            dueMs: at(65),
            isDue: false,
        })
        expect(
            decide({ plan, progress: done, observation: observed(), rules, nowMs: at(65), isForced: false })
                .isDue
        ).toBe(true)
    })
})

describe("a roll-out goes on hold", () => {
    const decideWith = async (more: Partial<Observation>, minutes = 5, isForced = false) =>
        decide({
            plan: await planOf(),
            progress: progress([at(0)]),
            observation: observed({ atMs: at(minutes), ...more }),
            rules: RULES,
            nowMs: at(minutes),
            isForced,
        })
    const kinds = ({ reasons }: { reasons: { kind: string }[] }) => reasons.map(({ kind }) => kind)

    test("if too many boards failed", async () => {
        const decision = await decideWith({ registered: 9, failed: 1 })
        expect(decision.phase).toBe("onHold")
        expect(decision.reasons[0].text).toBe("1 of the wave's 10 boards failed to register (limit: 1 %)")
        expect(decision.reasons[0].cure).not.toBe("")
        expect((await decideWith({ registered: 10, failed: 0 })).phase).toBe("awaitingBoards")
    })

    test("after too many 429s", async () => {
        expect(kinds(await decideWith({ throttled: 11 }))).toEqual(["throttled"])
        expect(kinds(await decideWith({ throttled: 10 }))).toEqual([])
    })

    test("if registrations are too far behind the prediction", async () => {
        expect(kinds(await decideWith({ registered: 5 }, 12))).toEqual([])
        const decision = await decideWith({ registered: 5 }, 15)
        expect(kinds(decision)).toEqual(["late"])
        expect(decision.reasons[0].text).toMatch(
            /^5 boards of the wave are registered, 10 were expected: 1\d min late \(limit: 10 min\)$/
        )
    })

    test("if DPS cannot be queried", async () => {
        expect(kinds(await decideWith({ staleReason: "Cannot reach DPS." }))).toEqual(["blind"])
    })

    test("for several reasons, and the operator can force the next step", async () => {
        const bad = { registered: 3, failed: 4, throttled: 99, staleReason: "Cannot reach DPS." }
        expect(kinds(await decideWith(bad, 60))).toEqual(["blind", "failures", "throttled", "late"])
        expect(await decideWith(bad, 60, true)).toMatchObject({
            phase: "awaitingBoards",
            isWaveDone: true,
            reasons: [],
        })
    })
})

test("a roll-out is done when all waves are done", async () => {
    const plan = await planOf()
    const opened = [at(0), at(6), at(24 * 60)]
    const all = observed({ boards: 90, registered: 90, atMs: at(1500) })
    expect(
        decide({
            plan,
            progress: progress(opened, [at(5)]),
            observation: all,
            rules: RULES,
            nowMs: at(1500),
            isForced: false,
        })
    ).toMatchObject({
        phase: "awaitingBoards",
        isWaveDone: true,
    })
    expect(
        decide({
            plan,
            progress: progress(opened, [at(5), at(1500)]),
            observation: all,
            rules: RULES,
            nowMs: at(1500),
            isForced: false,
        }).phase
    ).toBe("done")
})

describe("the lateness", () => {
    const lateIn =
        (plan: RolloutPlan) =>
        (openBatches: DecisionInput["progress"], counts: Partial<Observation>, requiredShare: number) =>
            lateSec({ plan, progress: openBatches, observation: observed(counts), rules: { requiredShare } })

    test("is the time since the prediction had the current number of registered boards", async () => {
        const plan = await planOf()
        const late = lateIn(plan)
        const opened = progress([at(0)])
        const half = expectedCount(plan, opened, at(2.5))
        expect(half).toBeGreaterThan(3)
        expect(half).toBeLessThan(7)
        const behind = late(opened, { registered: half, atMs: at(4) }, 1)
        expect(behind).toBeGreaterThan(80)
        expect(behind).toBeLessThan(100)
        expect(late(opened, { registered: 10, atMs: at(2) }, 1)).toBe(0)
    })

    test("does not count boards beyond the required share", async () => {
        const plan = await planOf()
        const late = lateIn(plan)
        const days = progress([at(0)])
        expect(late(days, { registered: 9, atMs: at(9999) }, 0.9)).toBe(0)
        expect(late(days, { registered: 9, atMs: at(9999) }, 0.99)).toBeGreaterThan(9000 * 60)
    })
})

describe("the throttle window", () => {
    test("reads the 429s to devices from a metric, over all calls", () => {
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

    test("counts ten minutes from the second reading on, also after a restart of the counter", () => {
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
