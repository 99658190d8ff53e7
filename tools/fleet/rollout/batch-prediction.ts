// What the simulator's model says of a batch: how many of its boards are registered and moored, and when.
import { DOCUMENTED_QUOTAS } from "@moorage/emulator"
import { moorageStrategy, simulateRollout, type SlotPlan } from "@moorage/simulator/model"
import { slotsDurationMs } from "./batch-schedule.js"
import { type RolloutLimits, ratePerSec } from "./batch-slots.js"

/** Counts in bins of time since power-on, not summed up; times are of the last board. */
export interface BatchCurve {
    boards: number
    binSec: number
    registered: number[]
    moored: number[]
    /** 429s. */
    throttled: number[]
    registeredSec: number
    mooredSec: number
}

/** N, cps and load of the seed's formula, as each board is told them. */
export interface FleetFormula {
    fleetN: number
    fleetCps: number
    load: number
}

/** N is the boards of so much time, not the whole fleet: one unlucky board waits no longer (docs/internals/rollout-efficiency.md). */
const FORMULA_SEC = 600
/** Enough for a plot; few enough for a file. */
const BINS = 200
/** After its slot a board polls and connects. */
const TAIL_SEC = 20

/** What the boards of a fleet are told of it. */
export function fleetFormula(limits: RolloutLimits, boards: number): FleetFormula {
    const perSec = ratePerSec(limits)
    const fleetN = Math.max(1, Math.min(boards, Math.round(perSec * FORMULA_SEC)))
    return { fleetN, fleetCps: Number(perSec.toFixed(4)), load: limits.load }
}

/** The curve of a batch of so many boards. */
export function predictBatch(
    boards: number,
    slots: SlotPlan,
    limits: RolloutLimits,
    formula: FleetFormula
): BatchCurve {
    const { registrations, hubConnects, hubs } = limits
    const { fleetN, fleetCps, load } = formula
    const aboutSec = slotsDurationMs(Math.ceil(boards / slots.boardsPerSlot), slots) / 1000 + TAIL_SEC
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
        binSec: Math.ceil(aboutSec / BINS),
    })
    const { binSec, registered, moored, throttled, registeredSec, mooredSec } = curve
    return { boards, binSec, registered, moored, throttled, registeredSec, mooredSec }
}

/** How many of the counts have come so long after power-on; within a bin evenly. */
export function countUntil(counts: number[], binSec: number, sec: number): number {
    if (sec <= 0) return 0
    const bin = Math.floor(sec / binSec)
    let sum = 0
    for (let i = 0; i < Math.min(bin, counts.length); i++) sum += counts[i] as number
    return sum + (counts[bin] ?? 0) * (sec / binSec - bin)
}
