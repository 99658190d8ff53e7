// The tables of the page: what was broken, what was checked, and seed by seed.
import { formatTraceEvent } from "../trace/trace-event.js"
import { INVARIANTS } from "../check/invariants.js"
import type { RunResult, Violation } from "../trace/run-result.js"
import { type Markup, markup } from "@moorage/report/html"
import type { ReplayCommands } from "../replay-command.js"
import { tableMarkup } from "@moorage/report/html"
import { formatNumber, pluralize, formatDuration } from "@moorage/report"

/** Failing seeds come first; of the others no more than this are listed. */
const SEEDS_MAX = 1000

const at = (ms: number) => markup`${formatDuration(ms / 1000)}<br><small>${(ms / 1000).toFixed(3)} s</small>`

function violationRow(seed: number, violation: Violation, replay: ReplayCommands): Markup {
    const { invariant, sentence, board, ms, what, recent } = violation
    return markup`<tr>
<td><code>${invariant}</code><br><small>${sentence}</small></td>
<td>${board}</td><td class="number">${at(ms)}</td>
<td>${what}<details><summary>the board's last ${pluralize(recent.length, "event")}</summary>
<pre tabindex="0">${recent.map(formatTraceEvent).join("\n")}</pre></details>
<small>step through it: <code>${replay.board(seed, board)}</code></small></td></tr>
`
}

export function violationsMarkup(
    { seed, violations, violationCount }: RunResult,
    replay: ReplayCommands
): Markup {
    if (violationCount === 0) return markup`<p>None: every board kept every rule, all the time.</p>`
    const more =
        violationCount > violations.length
            ? markup`<p>The first ${formatNumber(violations.length)} of ${formatNumber(violationCount)}.</p>`
            : undefined
    const rows = violations.map(violation => violationRow(seed, violation, replay))
    return markup`${more}${tableMarkup("Violations", ["Rule", "Board", "Virtual time", "What was wrong"], rows)}`
}

/** All rules, with how often each was broken in all runs; of a run no more violations are known than it kept. */
export function invariantsMarkup(results: RunResult[]): Markup {
    const broken = new Map<string, number>()
    for (const { invariant } of results.flatMap(({ violations }) => violations))
        broken.set(invariant, (broken.get(invariant) ?? 0) + 1)
    const rows = INVARIANTS.map(({ id, sentence, source }) => {
        const times = broken.get(id) ?? 0
        const verdict =
            times > 0
                ? markup`<b class="bad">${formatNumber(times)}</b>`
                : markup`<span class="good">held</span>`
        return markup`<tr><td><code>${id}</code></td><td>${sentence}<br><small>${source}</small></td><td class="number">${verdict}</td></tr>
`
    })
    return tableMarkup("Rules", ["Rule", "In words", "Broken"], rows, "short")
}

function seedRow(result: RunResult, replay: ReplayCommands): Markup {
    const { seed, boards, moored, violationCount, totals, violations, mooredAfterSec } = result
    const [first] = violations
    const lastSec = mooredAfterSec.at(-1)
    return markup`<tr><td class="number">${seed}</td>
<td class="number">${formatNumber(moored)} of ${formatNumber(boards)}</td>
<td class="number">${lastSec === undefined ? "never" : formatDuration(lastSec)}</td>
<td class="number">${violationCount > 0 ? markup`<b class="bad">${formatNumber(violationCount)}</b>` : "0"}</td>
<td class="number">${formatNumber(totals.throttled)}</td>
<td>${first ? markup`<code>${first.invariant}</code> ${first.board} at ${formatDuration(first.ms / 1000)}: ${first.what}` : "none"}</td>
<td class="command"><code>${replay.run(seed)}</code></td></tr>
`
}

const SEED_HEADS = ["Seed", "Moored", "Last after", "Violations", "429s", "First violation", "Again"]

export function seedsMarkup(results: RunResult[], replay: ReplayCommands): Markup {
    const failing = results.filter(({ violationCount }) => violationCount > 0)
    const others = results.filter(({ violationCount }) => violationCount === 0)
    const shown = [...failing, ...others.slice(0, SEEDS_MAX)]
    const left = results.length - shown.length
    return markup`${tableMarkup(
        "Seeds",
        SEED_HEADS,
        shown.map(result => seedRow(result, replay))
    )}${left > 0 ? markup`<p>And ${pluralize(left, "more seed")} without a violation.</p>` : ""}`
}
