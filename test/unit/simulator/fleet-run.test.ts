// Runs as a whole: the same seed is the same run, the ready plans hold every invariant, a broken rule is found.
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

const small = (name: string) => withBoardCount(readSimulationPlan(name), BOARDS)

async function traced(name: string, seed: number) {
    const lines: string[] = []
    const result = await runPlan(
        { plan: small(name), seed, images },
        { onEvent: fact => lines.push(traceLine(fact)) }
    )
    return { trace: lines.join("\n"), result }
}

describe.each(builtinPlans())("the ready plan %s", name => {
    test("says what it is about", () => {
        expect(readSimulationPlan(name)).toMatchObject({ name, about: expect.stringMatching(/^[A-Z].+\.$/) })
    })

    test("with the same seed is the same run to the byte, with another one another; all invariants hold", async () => {
        const first = await traced(name, 1)
        const again = await traced(name, 1)
        const other = await traced(name, 2)
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

    test("goes the same for a board whichever other boards there are", async () => {
        // No quota is near, so that boards do not meet; what the cloud draws is not compared.
        const life = async (only?: number[]) => {
            const facts: TraceEvent[] = []
            const plan = { ...PLAN, boards: { ...PLAN.boards, only } }
            await runPlan(
                { plan, seed: 5, images },
                {
                    onEvent: fact => fact.board === "board-2" && facts.push(fact),
                }
            )
            return facts.filter(({ kind }) => kind === "power" || kind === "event")
        }
        expect(await life([2])).toEqual(await life())
    })

    test("over threads is the run that it is alone, in the order of the seeds", async () => {
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

    test("ends early when it is cancelled, and says how far it was", async () => {
        let breaths = 0
        const plan = withBoardCount(readSimulationPlan("everything"), 2)
        const result = await runPlan(
            { plan, seed: 1, images },
            {
                yieldToEventLoop: () => Promise.resolve(),
                isCancelled: () => ++breaths > 1,
            }
        )
        expect(result.durationSec).toBeGreaterThan(0)
        expect(result.durationSec).toBeLessThan(readSimulationPlan("everything").durationSec)
    })

    test("sends telemetry, counts flash writes, and knows when each board moored", async () => {
        const { totals, mooredAfterSec, hubs, series } = await runPlan({ plan: PLAN, seed: 1, images })
        expect(totals).toMatchObject({ registrations: 4, flashWrites: 4, panics: 0 })
        expect(totals.telemetry).toBeGreaterThan(4 * 10)
        expect(mooredAfterSec).toHaveLength(4)
        expect(Object.values(hubs).reduce((a, b) => a + b)).toBe(4)
        expect(series.moored.at(-1)).toBe(4)
    })
})

describe("a plan under which a rule cannot be kept", () => {
    // A board that is refused as it boots waits for a minute, longer than is allowed here; the rest is noise.
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

    test("is found by `moored`, with the board's last facts", async () => {
        const result = await runPlan({ plan: PLAN, seed: 1, images })
        expect(result.violationCount).toBeGreaterThan(0)
        expect(new Set(result.violations.map(({ invariant }) => invariant))).toEqual(new Set(["moored"]))
        const [violation] = result.violations
        expect(violation).toMatchObject({ sentence: expect.stringContaining("moored within a time limit") })
        expect(violation.recent.length).toBeGreaterThan(10)
        expect(violation.recent.every(({ board }) => board === violation.board)).toBe(true)
        expect(result.lanes.map(({ board }) => board)).toContain(violation.board)
    })

    test("is shrunk to the one board and the two events that matter", async () => {
        const { violations } = await runPlan({ plan: PLAN, seed: 1, images })
        const shrunk = await shrinkPlan(PLAN, violations[0], {
            tryPlan: plan => runPlan({ plan, seed: 1, images }, { hash: false }),
            triesMax: 20,
        })
        expect(shrunk.violation).toMatchObject({ invariant: "moored", board: violations[0].board })
        expect(shrunk.plan.boards.only).toHaveLength(1)
        expect(shrunk.plan.events.map(event => event.do)).toEqual(["powerCut", "fault"])
        expect(shrunk.tries).toBeLessThanOrEqual(20)
    })
})
