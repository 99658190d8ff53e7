// The headline of a report.
import type { RunResult } from "../trace/run-result.js"
import { formatNumber, pluralize, formatDuration } from "@moorage/report"

const sum = (results: RunResult[], valueOf: (result: RunResult) => number) =>
    results.reduce((total, result) => total + valueOf(result), 0)

/** Returns `1,000 of 1,000 boards moored, the last after 6 min 12 s; 0 violations`. */
function runHeadline({ boards, moored, mooredAfterSec, violationCount, bricked }: RunResult): string {
    const lastSec = mooredAfterSec.at(-1)
    const last = lastSec === undefined ? "" : `, the last after ${formatDuration(lastSec)}`
    const lost = bricked > 0 ? `; ${formatNumber(bricked)} bricked by a torn write` : ""
    return `${formatNumber(moored)} of ${pluralize(boards, "board")} moored${last}; ${pluralize(violationCount, "violation")}${lost}`
}

/** Returns `998 of 1,000 seeds without a violation; 19,990 of 20,000 boards moored; 2 violations`. */
function seedsHeadline(results: RunResult[]): string {
    const clean = results.filter(({ violationCount }) => violationCount === 0).length
    const bricked = sum(results, result => result.bricked)
    return [
        `${formatNumber(clean)} of ${pluralize(results.length, "seed")} without a violation`,
        `${formatNumber(sum(results, result => result.moored))} of ${pluralize(
            sum(results, result => result.boards),
            "board"
        )} moored`,
        pluralize(
            sum(results, result => result.violationCount),
            "violation"
        ),
        ...(bricked > 0 ? [`${formatNumber(bricked)} bricked by a torn write`] : []),
    ].join("; ")
}

/** Returns the headline of one run or of several seeds. */
export function headline(results: RunResult[]): string {
    const [first, ...more] = results
    if (!first) return "No completed run"
    return more.length === 0 ? runHeadline(first) : seedsHeadline(results)
}
