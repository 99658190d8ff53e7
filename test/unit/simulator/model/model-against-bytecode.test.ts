// Compares the model with the bytecode: 500 boards with the same cloud, network and slots give nearly the same curves.
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

/** Returns the results of the same fleet from the bytecode and from the model. */
async function runBoth(slots: SlotPlan | undefined) {
    const plan = parseSimulationPlan(
        JSON.stringify({
            name: "comparison",
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
        "comparison"
    )
    const bytecode = await runPlan({ plan, seed: 1, images }, { hashTrace: false })
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
 * Returns the maximum distance of two cumulative curves, in boards. A shift by one bin is no distance. In the VM, boards
 * that are accepted together may be in two bins because of their latencies. In the model they are in one.
 */
function maxDistance(a: number[], b: number[]): number {
    const at = (bin: number) => (bin < 0 ? 0 : (b[bin] ?? b.at(-1) ?? 0))
    return Math.max(...a.map((count, bin) => Math.max(0, at(bin - 1) - count, count - at(bin + 1))))
}

describe("500 boards in the model and as bytecode in the VM", { timeout: 180_000 }, () => {
    test("powered on together and throttled with retry-after: at most 2 % of the fleet apart, 429 answers within 5 %", async () => {
        const { bytecode, model } = await runBoth(undefined)
        expect(bytecode.moored).toBe(BOARDS)
        const registered = maxDistance(cumulative(bytecode.series.registered), cumulative(model.registered))
        const moored = maxDistance(bytecode.series.moored, cumulative(model.moored))
        const throttled = (model.throttledPerDevice * BOARDS) / bytecode.totals.throttled
        console.log(
            `without slots: at most ${registered} registered and ${moored} moored boards apart; ratio of 429 answers ${throttled}`
        )
        expect(registered).toBeLessThanOrEqual(0.02 * BOARDS)
        expect(moored).toBeLessThanOrEqual(0.02 * BOARDS)
        expect(bytecode.totals.throttled).toBeGreaterThan(1000)
        expect(Math.abs(throttled - 1)).toBeLessThan(0.05)
    })

    // Each board has a random time in its slot. Two runs of the same code with different seeds differ as much.
    test("in slots: at most 5 % of the fleet apart, and no 429 answer in either", async () => {
        const { bytecode, model } = await runBoth({ boardsPerSlot: 50, slotSec: 15 })
        expect(bytecode.moored).toBe(BOARDS)
        const registered = maxDistance(cumulative(bytecode.series.registered), cumulative(model.registered))
        const moored = maxDistance(bytecode.series.moored, cumulative(model.moored))
        console.log(`in slots: at most ${registered} registered and ${moored} moored boards apart`)
        expect(registered).toBeLessThanOrEqual(0.05 * BOARDS)
        expect(moored).toBeLessThanOrEqual(0.05 * BOARDS)
        expect([bytecode.totals.throttled, model.throttledPerDevice]).toEqual([0, 0])
    })
})
