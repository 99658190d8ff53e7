// Makes a rollout plan: waves, batches, slots and a prediction.
import { parseSetting } from "../firmware-settings.js"
import type { FleetIds } from "./fleet-ids.js"
import { WorkingCalendar, type WorkingHours } from "./working-calendar.js"
import type { RolloutPlan } from "./rollout-plan-file.js"
import {
    type BatchCurve,
    type BatchParameters,
    type FleetFormula,
    fleetFormula,
    predictBatch,
} from "./batch-prediction.js"
import { type ScheduledBatch, scheduleBatches, slotsDurationMs, waveSizes } from "./batch-schedule.js"
import { type RolloutLimits, maxConcurrentTightBoards, chooseSlots } from "./batch-slots.js"

export interface RolloutPlanOptions {
    limits: RolloutLimits
    /** Length of a slot (default: the shortest slot that uses most of the rate). */
    slotSec?: number
    /** Share of the fleet up to and including each wave, increasing to 1. */
    waves: number[]
    startMs: number
    hours: WorkingHours
    timeZone: string
    soakSec: number
    /** Maximum number of boards that can be powered on together. */
    batchMax: number
}

/** Called with the number of boards predicted so far. It may throw to stop the prediction. */
type OnPredicted = (boards: number) => Promise<void>

const isoOf = (ms: number) => new Date(ms).toISOString()

/** Checks the limits of the board's settings. @throws RangeError if a value exceeds its limit */
function checkFormula({ fleetCps, load }: FleetFormula): void {
    for (const [name, value] of [
        ["FLEET_CPS", fleetCps],
        ["LOAD", load],
    ] as const) {
        const parsed = parseSetting(name, String(value))
        if ("issue" in parsed) throw new RangeError(parsed.issue)
    }
}

/** Returns the predicted curves by batch size. Batches of the same size have the same curve. */
async function predictCurves(
    batches: ScheduledBatch[],
    parameters: BatchParameters,
    onPredicted?: OnPredicted
): Promise<Map<number, BatchCurve>> {
    const curves = new Map<number, BatchCurve>()
    let done = 0
    for (const { boards } of batches) {
        if (!curves.has(boards)) curves.set(boards, predictBatch(boards, parameters))
        await onPredicted?.((done += boards))
    }
    return curves
}

function summarisePrediction(
    batches: ScheduledBatch[],
    curves: Map<number, BatchCurve>
): RolloutPlan["prediction"] {
    let mooredMs = 0
    let moored = 0
    let throttled = 0
    const sum = (counts: number[]) => counts.reduce((total, n) => total + n, 0)
    for (const { boards, startMs } of batches) {
        const curve = curves.get(boards) as BatchCurve
        mooredMs = Math.max(mooredMs, startMs + curve.mooredSec * 1000)
        moored += sum(curve.moored)
        throttled += sum(curve.throttled)
    }
    return { mooredUtc: isoOf(mooredMs), moored, throttled, curves: [...curves.values()] }
}

/**
 * Returns a plan for these boards, in their order.
 * @throws RangeError if the options cannot be satisfied
 */
export async function makeRolloutPlan(
    { ids, lines, sha256, hasTight }: FleetIds,
    options: RolloutPlanOptions,
    onPredicted?: OnPredicted
): Promise<RolloutPlan> {
    const { limits, hours, timeZone, startMs, soakSec } = options
    const batchMax = hasTight
        ? Math.min(options.batchMax, maxConcurrentTightBoards(limits))
        : options.batchMax
    const formula = fleetFormula(limits, ids.length)
    checkFormula(formula)
    const slots = chooseSlots(limits, options.slotSec)
    const waves = waveSizes(ids.length, options.waves)
    const calendar = new WorkingCalendar(hours, timeZone)
    const batches = scheduleBatches({ waves, slots, calendar, startMs, soakSec, batchMax })
    const board = (n: number) => ({ line: lines[n] as number, id: ids[n] as string })
    return {
        moorage: "rollout",
        version: 1,
        fleet: { boards: ids.length, idsSha256: sha256, hasTight },
        limits,
        slots,
        formula,
        timeZone,
        hours,
        soakSec,
        waves: waves.map(boards => ({ boards })),
        batches: batches.map(batch => ({
            wave: batch.wave,
            startUtc: isoOf(batch.startMs),
            slotsEndUtc: isoOf(batch.startMs + slotsDurationMs(batch.slots, slots)),
            boards: batch.boards,
            slots: batch.slots,
            first: board(batch.firstBoard),
            last: board(batch.firstBoard + batch.boards - 1),
        })),
        prediction: summarisePrediction(
            batches,
            await predictCurves(batches, { slots, limits, formula }, onPredicted)
        ),
    }
}
