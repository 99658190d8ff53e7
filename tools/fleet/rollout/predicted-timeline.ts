// The whole of a plan over time: the batches' curves, joined at their starts.
import { cumulative } from "@moorage/simulator/model"
import { findCurve, type RolloutPlan } from "./rollout-plan-file.js"

/** Boards that are so far, and 429s that there were. */
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

/** A batch, what came before it, and its own curve. */
interface CurvePart {
    startMs: number
    before: Predicted
    sums: Sums
}

function sumAt(counts: number[], atBins: number): number {
    const bins = Math.min(atBins, counts.length)
    const bin = Math.floor(bins)
    const upTo = (i: number) => (i < 0 ? 0 : (counts[Math.min(i, counts.length - 1)] ?? 0))
    return upTo(bin - 1) + (upTo(bin) - upTo(bin - 1)) * (bins - bin)
}

/** What is to come, at any moment. A batch's last boards may be late in the next batch, but not in the one after. */
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

    at(ms: number): Predicted {
        const last = this.lastBegun(ms)
        const earlier = this.parts[Math.max(0, last - 1)] as CurvePart
        const own = (part: CurvePart, kind: CurveKind) =>
            sumAt(part.sums.counts[kind], Math.max(0, ms - part.startMs) / part.sums.binMs)
        const sum = (kind: CurveKind) =>
            earlier.before[kind] +
            own(earlier, kind) +
            (last > 0 ? own(this.parts[last] as CurvePart, kind) : 0)
        return { registered: sum("registered"), moored: sum("moored"), throttled: sum("throttled") }
    }

    private lastBegun(ms: number): number {
        let low = 0
        for (let high = this.parts.length - 1; low < high;) {
            const middle = Math.ceil((low + high) / 2)
            if ((this.parts[middle] as CurvePart).startMs <= ms) low = middle
            else high = middle - 1
        }
        return low
    }
}

/** The prediction at `count` moments, evenly from the first batch's start to the last board moored. */
export function predictedPoints(plan: RolloutPlan, count: number): PredictedPoints {
    const timeline = new PredictedTimeline(plan)
    const fromMs = Date.parse(plan.batches[0]?.startUtc ?? "")
    const toMs = Date.parse(plan.prediction.mooredUtc)
    return Array.from({ length: count }, (_, i) => {
        const atMs = fromMs + ((toMs - fromMs) * i) / Math.max(1, count - 1)
        // The bin in which the last board is moored ends later.
        return { atMs, ...timeline.at(i === count - 1 ? Infinity : atMs) }
    })
}
