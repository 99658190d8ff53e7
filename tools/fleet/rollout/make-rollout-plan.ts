import type { SlotPlan } from "@moorage/simulator/model"
import { parseSetting } from "../firmware-settings.js"
import type { FleetIds } from "./fleet-ids.js"
import { WorkingCalendar, type WorkingHours } from "./working-calendar.js"
import type { RolloutPlan } from "./rollout-plan-file.js"
import { type BatchCurve, type FleetFormula, fleetFormula, predictBatch } from "./batch-prediction.js"
import { type ScheduledBatch, scheduleBatches, slotsDurationMs, waveSizes } from "./batch-schedule.js"
import { type RolloutLimits, maxConcurrentTightBoards, chooseSlots } from "./batch-slots.js"

export interface RolloutPlanOptions {
    limits: RolloutLimits
    /** Unless given the shortest that waste little of the rate. */
    slotSec?: number
    /** Shares of the fleet up to and with each wave, growing to 1. */
    waves: number[]
    startMs: number
    hours: WorkingHours
    timeZone: string
    soakSec: number
    /** Boards powered on together, at most. */
    batchMax: number
}

/** Told how much of the fleet was run through the model; may stop it by throwing. */
type OnPredicted = (boards: number) => Promise<void>

const isoOf = (ms: number) => new Date(ms).toISOString()

/** @throws RangeError for what a board's settings do not take */
function checkFormula({ fleetCps, load }: FleetFormula): void {
    for (const [name, value] of [
        ["FLEET_CPS", fleetCps],
        ["LOAD", load],
    ] as const) {
        const read = parseSetting(name, String(value))
        if ("issue" in read) throw new RangeError(read.issue)
    }
}

/** The model's curves, one for all batches of a size. */
async function curvesOf(
    batches: ScheduledBatch[],
    slots: SlotPlan,
    limits: RolloutLimits,
    formula: FleetFormula,
    onPredicted?: OnPredicted
): Promise<Map<number, BatchCurve>> {
    const curves = new Map<number, BatchCurve>()
    let done = 0
    for (const { boards } of batches) {
        if (!curves.has(boards)) curves.set(boards, predictBatch(boards, slots, limits, formula))
        await onPredicted?.((done += boards))
    }
    return curves
}

function predictionOf(batches: ScheduledBatch[], curves: Map<number, BatchCurve>): RolloutPlan["prediction"] {
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
 * Plans a roll-out of these boards, in their order.
 * @throws RangeError that says what of the choices cannot be met
 */
export async function makeRolloutPlan(
    { ids, lines, sha256, hasTight }: FleetIds,
    choices: RolloutPlanOptions,
    onPredicted?: OnPredicted
): Promise<RolloutPlan> {
    const { limits, hours, timeZone, startMs, soakSec } = choices
    const batchMax = hasTight
        ? Math.min(choices.batchMax, maxConcurrentTightBoards(limits))
        : choices.batchMax
    const formula = fleetFormula(limits, ids.length)
    checkFormula(formula)
    const slots = chooseSlots(limits, choices.slotSec)
    const waves = waveSizes(ids.length, choices.waves)
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
        prediction: predictionOf(batches, await curvesOf(batches, slots, limits, formula, onPredicted)),
    }
}
