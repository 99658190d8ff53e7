// Summaries of runs: one entry per seed. Several machines write summaries, and one merges them.
import { MoorageError } from "@moorage/errors"
import type { RunResult, Totals, Violation } from "./run-result.js"

export interface SeedSummary {
    seed: number
    boards: number
    moored: number
    bricked: number
    durationSec: number
    /** Seconds from first power-on until half of the boards that were ever moored were moored; null without any. */
    medianMooredSec: number | null
    /** The same for the last of these boards. */
    lastMooredSec: number | null
    /** Number of violations of each invariant. */
    broken: Record<string, number>
    /** The first violation, without the trace events that led to it. */
    first?: Omit<Violation, "recent">
    totals: Totals
    traceHash: string
}

export interface SimulationSummary {
    plan: string
    seeds: SeedSummary[]
}

function summariseSeed(result: RunResult): SeedSummary {
    const { violations, mooredAfterSec } = result
    const broken: Record<string, number> = {}
    for (const { invariant } of violations) broken[invariant] = (broken[invariant] ?? 0) + 1
    const [first] = violations
    return {
        seed: result.seed,
        boards: result.boards,
        moored: result.moored,
        bricked: result.bricked,
        durationSec: result.durationSec,
        medianMooredSec: mooredAfterSec[Math.floor(mooredAfterSec.length / 2)] ?? null,
        lastMooredSec: mooredAfterSec.at(-1) ?? null,
        broken,
        first: first && {
            invariant: first.invariant,
            sentence: first.sentence,
            board: first.board,
            ms: first.ms,
            what: first.what,
        },
        totals: result.totals,
        traceHash: result.traceHash,
    }
}

/** Returns the summary of runs of one plan. */
export function summariseRuns(plan: string, results: RunResult[]): SimulationSummary {
    return { plan, seeds: results.map(summariseSeed) }
}

/** Summaries that cannot be merged. */
export class MergeError extends MoorageError {
    constructor(message: string) {
        super("MERGE_FAILED", message)
    }
}

/**
 * Returns the merged summaries of one plan, in the order of the seeds. A seed that was run twice counts once.
 * @throws MergeError if there is no summary, if the plans differ, or if a seed has two different traces
 */
export function mergeSummaries(summaries: SimulationSummary[]): SimulationSummary {
    const [first] = summaries
    if (!first) throw new MergeError("There are no summaries to merge. Write summaries with --out first.")
    const seeds = new Map<number, SeedSummary>()
    for (const { plan, seeds: part } of summaries) {
        if (plan !== first.plan)
            throw new MergeError(
                `Cannot merge runs of different plans: ${first.plan} and ${plan}. Merge each plan separately.`
            )
        for (const summary of part) {
            const known = seeds.get(summary.seed)
            if (known && known.traceHash !== summary.traceHash)
                throw new MergeError(
                    `Seed ${summary.seed} has two different traces. Merge only runs of the same firmware and plan.`
                )
            seeds.set(summary.seed, summary)
        }
    }
    return { plan: first.plan, seeds: [...seeds.values()].sort((a, b) => a.seed - b.seed) }
}
