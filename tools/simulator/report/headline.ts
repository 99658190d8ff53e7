// A sentence that says how it went.
import type { RunResult } from "../result.js"
import { count, counted, duration } from "./words.js"

const sum = (results: RunResult[], of: (result: RunResult) => number) =>
    results.reduce((total, result) => total + of(result), 0)

/** `1,000 of 1,000 boards moored, the last after 6 min 12 s; 0 violations`. */
function ofRun({ boards, moored, mooredAfterSec, violationCount, bricked }: RunResult): string {
    const lastSec = mooredAfterSec.at(-1)
    const last = lastSec === undefined ? "" : `, the last after ${duration(lastSec)}`
    const lost = bricked > 0 ? `; ${count(bricked)} bricked by a torn write` : ""
    return `${count(moored)} of ${counted(boards, "board")} moored${last}; ${counted(violationCount, "violation")}${lost}`
}

/** `998 of 1,000 seeds without a violation; 19,990 of 20,000 boards moored; 2 violations`. */
function ofSeeds(results: RunResult[]): string {
    const clean = results.filter(({ violationCount }) => violationCount === 0).length
    const bricked = sum(results, result => result.bricked)
    return [
        `${count(clean)} of ${counted(results.length, "seed")} without a violation`,
        `${count(sum(results, result => result.moored))} of ${counted(
            sum(results, result => result.boards),
            "board"
        )} moored`,
        counted(
            sum(results, result => result.violationCount),
            "violation"
        ),
        ...(bricked > 0 ? [`${count(bricked)} bricked by a torn write`] : []),
    ].join("; ")
}

/** How the runs went, in a sentence without its full stop. */
export function headline(results: RunResult[]): string {
    const [first, ...more] = results
    if (!first) return "No run came to its end"
    return more.length === 0 ? ofRun(first) : ofSeeds(results)
}
