// Predicts with the simulator's model when the boards of a batch are registered and moored.
import { DOCUMENTED_QUOTAS } from "@moorage/emulator"
import { moorageStrategy, simulateRollout, type SlotPlan } from "@moorage/simulator/model"
import { slotsDurationMs } from "./batch-schedule.js"
import { type RolloutLimits, ratePerSec } from "./batch-slots.js"

/** Counts per time bin since power-on. `registeredSec` and `mooredSec` are the times of the last board. */
export interface BatchCurve {
    boards: number
    binSec: number
    registered: number[]
    moored: number[]
    /** Number of 429s. */
    throttled: number[]
    registeredSec: number
    mooredSec: number
}

/** Parameters of the fleet formula (R6, R8). They are settings of each board. */
export interface FleetFormula {
    fleetN: number
    fleetCps: number
    load: number
}

/**
 * N is the number of boards that register in this time, not the whole fleet. This limits the wait of a throttled board
 * (docs/internals/rollout-efficiency.md).
 */
const FORMULA_SEC = 600
/** Enough for a chart and small enough for a file. */
const BIN_COUNT = 200
/** Time after the last slot in which boards poll DPS and connect. */
const TAIL_SEC = 20

/** Returns the fleet formula for the boards of a fleet. */
export function fleetFormula(limits: RolloutLimits, boards: number): FleetFormula {
    const perSec = ratePerSec(limits)
    const fleetN = Math.max(1, Math.min(boards, Math.round(perSec * FORMULA_SEC)))
    return { fleetN, fleetCps: Number(perSec.toFixed(4)), load: limits.load }
}

/** Parameters that all batches of a plan share. */
export interface BatchParameters {
    slots: SlotPlan
    limits: RolloutLimits
    formula: FleetFormula
}

/** Returns the curve of a batch with this number of boards. */
export function predictBatch(boards: number, { slots, limits, formula }: BatchParameters): BatchCurve {
    const { registrations, hubConnects, hubs } = limits
    const { fleetN, fleetCps, load } = formula
    const estimatedSec = slotsDurationMs(Math.ceil(boards / slots.boardsPerSlot), slots) / 1000 + TAIL_SEC
    const curve = simulateRollout({
        devices: boards,
        slots,
        strategy: moorageStrategy({ load, devices: fleetN, perSec: fleetCps }),
        quotas: {
            ...DOCUMENTED_QUOTAS,
            dpsRegistrations: registrations,
            dpsOperations: registrations,
            hubConnects,
        },
        hubs,
        binSec: Math.ceil(estimatedSec / BIN_COUNT),
    })
    const { binSec, registered, moored, throttled, registeredSec, mooredSec } = curve
    return { boards, binSec, registered, moored, throttled, registeredSec, mooredSec }
}

/** Returns the sum of the counts up to a time after power-on. Counts are evenly spread within a bin. */
export function countUntil(counts: number[], binSec: number, sec: number): number {
    if (sec <= 0) return 0
    const bin = Math.floor(sec / binSec)
    let sum = 0
    for (let i = 0; i < Math.min(bin, counts.length); i++) sum += counts[i] as number
    return sum + (counts[bin] ?? 0) * (sec / binSec - bin)
}
