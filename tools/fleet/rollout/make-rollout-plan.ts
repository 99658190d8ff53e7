import type { SlotPlan } from "@moorage/simulator/model"
import { settingOf } from "../firmware-settings.js"
import type { FleetIds } from "./fleet-ids.js"
import { Calendar, type WorkingHours } from "./working-calendar.js"
import type { RolloutPlan } from "./rollout-plan-file.js"
import { type Curve, type Formula, formulaFor, predict } from "./batch-prediction.js"
import { type Batch, schedule, slotsMs, waveSizes } from "./batch-schedule.js"
import { type Limits, slotsFor } from "./batch-slots.js"
import { maxConcurrentTightBoards } from "./tight-boards.js"

export interface RolloutPlanOptions {
    limits: Limits
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
function checkFormula({ fleetCps, load }: Formula): void {
    for (const [name, value] of [
        ["FLEET_CPS", fleetCps],
        ["LOAD", load],
    ] as const) {
        const read = settingOf(name, String(value))
        if ("mistake" in read) throw new RangeError(read.mistake)
    }
}

/** The model's curves, one for all batches of a size. */
async function curvesOf(
    batches: Batch[],
    slots: SlotPlan,
    limits: Limits,
    formula: Formula,
    onPredicted?: OnPredicted
): Promise<Map<number, Curve>> {
    const curves = new Map<number, Curve>()
    let done = 0
    for (const { boards } of batches) {
        if (!curves.has(boards)) curves.set(boards, predict(boards, slots, limits, formula))
        await onPredicted?.((done += boards))
    }
    return curves
}

function predictionOf(batches: Batch[], curves: Map<number, Curve>): RolloutPlan["prediction"] {
    let mooredMs = 0
    let moored = 0
    let throttled = 0
    const sum = (counts: number[]) => counts.reduce((total, n) => total + n, 0)
    for (const { boards, startMs } of batches) {
        const curve = curves.get(boards) as Curve
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
    const formula = formulaFor(limits, ids.length)
    checkFormula(formula)
    const slots = slotsFor(limits, choices.slotSec)
    const waves = waveSizes(ids.length, choices.waves)
    const calendar = new Calendar(hours, timeZone)
    const batches = schedule({ waves, slots, calendar, startMs, soakSec, batchMax })
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
            slotsEndUtc: isoOf(batch.startMs + slotsMs(batch.slots, slots)),
            boards: batch.boards,
            slots: batch.slots,
            first: board(batch.firstBoard),
            last: board(batch.firstBoard + batch.boards - 1),
        })),
        prediction: predictionOf(batches, await curvesOf(batches, slots, limits, formula, onPredicted)),
    }
}
