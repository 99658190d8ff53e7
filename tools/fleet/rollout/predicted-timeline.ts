// Joins the predicted curves of all batches of a plan into one timeline.
import { cumulative } from "@moorage/simulator/model"
import { findCurve, type RolloutPlan } from "./rollout-plan-file.js"

/** Predicted numbers of boards and of 429s up to a time. */
export interface Predicted {
    registered: number
    moored: number
    throttled: number
}

export type PredictedPoints = (Predicted & { atMs: number })[]

type CurveKind = keyof Predicted

interface Sums {
    binMs: number
    counts: Record<CurveKind, number[]>
}

/** The curve of a batch, and the final numbers of all earlier batches. */
interface CurvePart {
    startMs: number
    before: Predicted
    sums: Sums
}

/** Returns the cumulative count at a fractional number of bins. */
function sumAt(counts: number[], atBins: number): number {
    const bins = Math.min(atBins, counts.length)
    const bin = Math.floor(bins)
    const upTo = (i: number) => (i < 0 ? 0 : (counts[Math.min(i, counts.length - 1)] ?? 0))
    return upTo(bin - 1) + (upTo(bin) - upTo(bin - 1)) * (bins - bin)
}

/** The prediction as a function of time. Assumes that only two successive batches overlap. */
class PredictedTimeline {
    private readonly parts: CurvePart[] = []

    constructor(plan: RolloutPlan) {
        const sumsOf = new Map<number, Sums>()
        let before: Predicted = { registered: 0, moored: 0, throttled: 0 }
        for (const batch of plan.batches) {
            const curve = findCurve(plan, batch)
            const sums = sumsOf.get(batch.boards) ?? {
                binMs: curve.binSec * 1000,
                counts: {
                    registered: cumulative(curve.registered),
                    moored: cumulative(curve.moored),
                    throttled: cumulative(curve.throttled),
                },
            }
            sumsOf.set(batch.boards, sums)
            this.parts.push({ startMs: Date.parse(batch.startUtc), before, sums })
            const all = (kind: CurveKind) => before[kind] + (sums.counts[kind].at(-1) ?? 0)
            before = { registered: all("registered"), moored: all("moored"), throttled: all("throttled") }
        }
    }

    /** Returns the predicted numbers at a time. */
    at(ms: number): Predicted {
        const current = this.latestStarted(ms)
        const earlier = this.parts[Math.max(0, current - 1)] as CurvePart
        const own = (part: CurvePart, kind: CurveKind) =>
            sumAt(part.sums.counts[kind], Math.max(0, ms - part.startMs) / part.sums.binMs)
        const sum = (kind: CurveKind) =>
            earlier.before[kind] +
            own(earlier, kind) +
            (current > 0 ? own(this.parts[current] as CurvePart, kind) : 0)
        return { registered: sum("registered"), moored: sum("moored"), throttled: sum("throttled") }
    }

    /** Returns the index of the latest batch that has started, or 0. */
    private latestStarted(ms: number): number {
        let low = 0
        for (let high = this.parts.length - 1; low < high;) {
            const middle = Math.ceil((low + high) / 2)
            if ((this.parts[middle] as CurvePart).startMs <= ms) low = middle
            else high = middle - 1
        }
        return low
    }
}

/** Returns the prediction at `count` times, evenly from the start of the first batch until the last board is moored. */
export function predictedPoints(plan: RolloutPlan, count: number): PredictedPoints {
    const timeline = new PredictedTimeline(plan)
    const fromMs = Date.parse(plan.batches[0]?.startUtc ?? "")
    const toMs = Date.parse(plan.prediction.mooredUtc)
    return Array.from({ length: count }, (_, i) => {
        const atMs = fromMs + ((toMs - fromMs) * i) / Math.max(1, count - 1)
        // The time of the last board is inside a bin, so the last point includes all bins.
        return { atMs, ...timeline.at(i === count - 1 ? Infinity : atMs) }
    })
}
