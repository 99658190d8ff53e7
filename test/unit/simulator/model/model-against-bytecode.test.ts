// The model against the bytecode: 500 boards, the same cloud, network and slots; their curves lie on each other.
import { DOCUMENTED_QUOTAS } from "@moorage/emulator"
import { beforeAll, describe, expect, test } from "vitest"
import { loadImages, parseSimulationPlan, runPlan } from "../../../../tools/simulator/index.js"
import {
    cumulative,
    moorageStrategy,
    simulateRollout,
    type SlotPlan,
} from "../../../../tools/simulator/model/index.js"

const BOARDS = 500
const RATE = { calls: 200, perSec: 60 }
const FLEET = { load: 1, devices: BOARDS, perSec: 3.3333 }
let images: Awaited<ReturnType<typeof loadImages>>

beforeAll(async () => {
    images = await loadImages()
})

/** The same fleet by the bytecode and by the model. */
async function both(slots: SlotPlan | undefined) {
    const plan = parseSimulationPlan(
        JSON.stringify({
            name: "crosscheck",
            durationSec: 400,
            boards: {
                count: BOARDS,
                ...(slots && { slots: { boards: slots.boardsPerSlot, slotSec: slots.slotSec } }),
                settings: {
                    FLEET_N: FLEET.devices,
                    FLEET_CPS: FLEET.perSec,
                    LOAD: FLEET.load,
                    TELEMETRY_SEC: 3600,
                },
            },
            quotas: { dpsRegistrations: RATE, dpsOperations: RATE },
            mooredWithinSec: 200,
        }),
        "crosscheck"
    )
    const bytecode = await runPlan({ plan, seed: 1, images }, { hash: false })
    const model = simulateRollout({
        devices: BOARDS,
        slots,
        strategy: moorageStrategy(FLEET),
        quotas: { ...DOCUMENTED_QUOTAS, dpsRegistrations: RATE, dpsOperations: RATE },
        hubs: plan.hubs.length,
        binSec: bytecode.series.binSec,
    })
    return { bytecode, model }
}

/**
 * How far two cumulative curves are ever from each other, in boards; a bin more or less is no distance: the boards of
 * a crowd that passes at the turn of two bins are spread by their latencies, which the model's are not.
 */
function apart(a: number[], b: number[]): number {
    const at = (bin: number) => (bin < 0 ? 0 : (b[bin] ?? b.at(-1) ?? 0))
    return Math.max(...a.map((count, bin) => Math.max(0, at(bin - 1) - count, count - at(bin + 1))))
}

describe("500 boards in the model and as bytecode in the VM", { timeout: 180_000 }, () => {
    test("all at once, throttled with retry-after: never 2 % of the fleet apart, and 429s within 5 %", async () => {
        const { bytecode, model } = await both(undefined)
        expect(bytecode.moored).toBe(BOARDS)
        const registered = apart(cumulative(bytecode.series.registered), cumulative(model.registered))
        const moored = apart(bytecode.series.moored, cumulative(model.moored))
        const throttled = (model.throttledPerDevice * BOARDS) / bytecode.totals.throttled
        console.log(
            `all at once: registered ${registered} and moored ${moored} boards apart at most; 429s ${throttled}`
        )
        expect(registered).toBeLessThanOrEqual(0.02 * BOARDS)
        expect(moored).toBeLessThanOrEqual(0.02 * BOARDS)
        expect(bytecode.totals.throttled).toBeGreaterThan(1000)
        expect(Math.abs(throttled - 1)).toBeLessThan(0.05)
    })

    // Each board draws its moment in the slot: two runs of the same code with other seeds are as far apart.
    test("in slots: never 5 % of the fleet apart, and no 429 in either", async () => {
        const { bytecode, model } = await both({ boardsPerSlot: 50, slotSec: 15 })
        expect(bytecode.moored).toBe(BOARDS)
        const registered = apart(cumulative(bytecode.series.registered), cumulative(model.registered))
        const moored = apart(bytecode.series.moored, cumulative(model.moored))
        console.log(`in slots: registered ${registered} and moored ${moored} boards apart at most`)
        expect(registered).toBeLessThanOrEqual(0.05 * BOARDS)
        expect(moored).toBeLessThanOrEqual(0.05 * BOARDS)
        expect([bytecode.totals.throttled, model.throttledPerDevice]).toEqual([0, 0])
    })
})
