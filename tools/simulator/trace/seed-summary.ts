// Runs summed up: a line a seed, fit to be written by many machines and put together by one.
import type { RunResult, Totals, Violation } from "./run-result.js"

export interface SeedSummary {
    seed: number
    boards: number
    moored: number
    bricked: number
    durationSec: number
    /** When half of the boards, and the last of those that came so far, were moored for the first time. */
    medianMooredSec: number | null
    lastMooredSec: number | null
    /** How often each invariant was broken. */
    broken: Record<string, number>
    /** The first violation, without the facts that led to it. */
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

/** Sums up runs of one plan. */
export function summariseRuns(plan: string, results: RunResult[]): SimulationSummary {
    return { plan, seeds: results.map(summariseSeed) }
}

/** Runs that cannot be put together. */
export class MergeError extends Error {}

/**
 * Puts summaries of one plan together, in the order of the seeds; a seed that was run twice counts once.
 * @throws MergeError when there are none, or of different plans, or the same seed with different traces
 */
export function mergeSummaries(summaries: SimulationSummary[]): SimulationSummary {
    const [first] = summaries
    if (!first) throw new MergeError("There is nothing to merge.")
    const seeds = new Map<number, SeedSummary>()
    for (const { plan, seeds: part } of summaries) {
        if (plan !== first.plan)
            throw new MergeError(`Runs of ${first.plan} and of ${plan} cannot be merged.`)
        for (const each of part) {
            const known = seeds.get(each.seed)
            if (known && known.traceHash !== each.traceHash)
                throw new MergeError(
                    `Seed ${each.seed} was run twice, with different traces: the firmware or the plan differed.`
                )
            seeds.set(each.seed, each)
        }
    }
    return { plan: first.plan, seeds: [...seeds.values()].sort((a, b) => a.seed - b.seed) }
}
