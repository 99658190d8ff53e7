// Complete runs: equal seeds give equal runs, the built-in plans keep every invariant, and a violation is found.
import { beforeAll, describe, expect, test } from "vitest"
import {
    type TraceEvent,
    traceLine,
    type Images,
    loadImages,
    parseSimulationPlan,
    readSimulationPlan,
    builtinPlans,
    runPlan,
    runSeeds,
    shrinkPlan,
    withBoardCount,
} from "../../../tools/simulator/index.js"

const BOARDS = 6
let images: Images

beforeAll(async () => {
    images = await loadImages()
})

const smallPlan = (name: string) => withBoardCount(readSimulationPlan(name), BOARDS)

async function tracedRun(name: string, seed: number) {
    const lines: string[] = []
    const result = await runPlan(
        { plan: smallPlan(name), seed, images },
        { onEvent: event => lines.push(traceLine(event)) }
    )
    return { trace: lines.join("\n"), result }
}

describe.each(builtinPlans())("the built-in plan %s", name => {
    test("has its name and a description", () => {
        expect(readSimulationPlan(name)).toMatchObject({ name, about: expect.stringMatching(/^[A-Z].+\.$/) })
    })

    test("gives the same bytes for the same seed, other bytes for another seed, and no violation", async () => {
        const first = await tracedRun(name, 1)
        const again = await tracedRun(name, 1)
        const other = await tracedRun(name, 2)
        expect(again.trace).toBe(first.trace)
        expect(again.result).toEqual(first.result)
        expect(other.trace).not.toBe(first.trace)
        for (const { result } of [first, other]) {
            expect(result.violations.map(({ invariant, what }) => `${invariant}: ${what}`)).toEqual([])
            expect(result.moored + result.bricked).toBe(BOARDS)
        }
    }, 300_000)
})

describe("a run", () => {
    const PLAN = parseSimulationPlan(
        `
name: small
durationSec: 1200
boards: { count: 4 }
mooredWithinSec: 900
events:
    - { do: powerCut, atSec: 100, share: 0.5, forSec: 20 }
`,
        "small"
    )

    test("gives a board the same power cuts and events whichever other boards are simulated", async () => {
        // No quota is reached, so that boards do not affect each other. Random values of the cloud are not compared.
        const eventsOf = async (only?: number[]) => {
            const events: TraceEvent[] = []
            const plan = { ...PLAN, boards: { ...PLAN.boards, only } }
            await runPlan(
                { plan, seed: 5, images },
                {
                    onEvent: event => event.board === "board-2" && events.push(event),
                }
            )
            return events.filter(({ kind }) => kind === "power" || kind === "event")
        }
        expect(await eventsOf([2])).toEqual(await eventsOf())
    })

    test("gives the same result in worker threads, and the results in the order of the seeds", async () => {
        const alone = [
            await runPlan({ plan: PLAN, seed: 1, images }),
            await runPlan({ plan: PLAN, seed: 2, images }),
        ]
        const ended: number[] = []
        const results = await runSeeds(
            { plan: PLAN, seeds: [1, 2, 3], images },
            {
                jobs: 2,
                onResult: ({ seed }) => ended.push(seed),
            }
        )
        expect(results.map(({ seed }) => seed)).toEqual([1, 2, 3])
        expect(results.slice(0, 2)).toEqual(alone)
        expect(ended.sort()).toEqual([1, 2, 3])
    })

    test("ends early when it is cancelled, and returns the time until then", async () => {
        let slices = 0
        const plan = withBoardCount(readSimulationPlan("everything"), 2)
        const result = await runPlan(
            { plan, seed: 1, images },
            {
                yieldToEventLoop: () => Promise.resolve(),
                isCancelled: () => ++slices > 1,
            }
        )
        expect(result.durationSec).toBeGreaterThan(0)
        expect(result.durationSec).toBeLessThan(readSimulationPlan("everything").durationSec)
    })

    test("counts telemetry and flash writes, and records when each board is moored", async () => {
        const { totals, mooredAfterSec, hubs, series } = await runPlan({ plan: PLAN, seed: 1, images })
        // One board loses its power before its session is stable. It has no record and registers again.
        expect(totals).toMatchObject({ registrations: 5, flashWrites: 4, panics: 0 })
        expect(totals.telemetry).toBeGreaterThan(4 * 10)
        expect(mooredAfterSec).toHaveLength(4)
        expect(Object.values(hubs).reduce((a, b) => a + b)).toBe(4)
        expect(series.moored.at(-1)).toBe(4)
    })
})

describe("a plan that violates an invariant", () => {
    // A board that is refused at its boot waits for a minute, which is longer than mooredWithinSec. The other events are noise.
    const PLAN = parseSimulationPlan(
        `
name: hopeless
durationSec: 700
boards: { count: 8 }
mooredWithinSec: 20
events:
    - { do: clockSkew, atSec: 200, forSec: 10, skewSec: 60 }
    - { do: disconnect, atSec: 300, share: 0.3 }
    - { do: powerCut, atSec: 600, share: 0.3, forSec: 5 }
    - { do: fault, atSec: 600, forSec: 12, on: connect, fault: { connack: 5 } }
    - { do: quotas, atSec: 300, forSec: 10, quotas: { hubConnects: { calls: 5, perSec: 1 } } }
`,
        "hopeless"
    )

    test("is reported by `moored`, with the board's last trace events", async () => {
        const result = await runPlan({ plan: PLAN, seed: 1, images })
        expect(result.violationCount).toBeGreaterThan(0)
        expect(new Set(result.violations.map(({ invariant }) => invariant))).toEqual(new Set(["moored"]))
        const [violation] = result.violations
        expect(violation).toMatchObject({ sentence: expect.stringContaining("moored within a time limit") })
        expect(violation.recent.length).toBeGreaterThan(10)
        expect(violation.recent.every(({ board }) => board === violation.board)).toBe(true)
        expect(result.timelines.map(({ board }) => board)).toContain(violation.board)
    })

    test("is shrunk to one board and the two events that cause the violation", async () => {
        const { violations } = await runPlan({ plan: PLAN, seed: 1, images })
        const shrunk = await shrinkPlan(PLAN, violations[0], {
            tryPlan: plan => runPlan({ plan, seed: 1, images }, { hashTrace: false }),
            triesMax: 20,
        })
        expect(shrunk.violation).toMatchObject({ invariant: "moored", board: violations[0].board })
        expect(shrunk.plan.boards.only).toHaveLength(1)
        expect(shrunk.plan.events.map(event => event.do)).toEqual(["powerCut", "fault"])
        expect(shrunk.tries).toBeLessThanOrEqual(20)
    })
})
