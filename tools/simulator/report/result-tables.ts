// The tables of the report: violations, invariants and seeds.
import { formatTraceEvent } from "../trace/trace-event.js"
import { INVARIANTS } from "../check/invariants.js"
import type { RunResult, Violation } from "../trace/run-result.js"
import { markup, type Markup, tableMarkup } from "@moorage/report/html"
import type { ReplayCommands } from "../replay-command.js"
import { formatNumber, pluralize, formatDuration } from "@moorage/report"

/** Maximum number of seeds without a violation that are listed. */
const SEEDS_MAX = 1000

const timeMarkup = (ms: number) =>
    markup`${formatDuration(ms / 1000)}<br><small>${(ms / 1000).toFixed(3)} s</small>`

const VIOLATION_HEADS = ["Invariant", "Board", "Virtual time", "Problem"]

function violationRow(seed: number, violation: Violation, commands: ReplayCommands): Markup {
    const { invariant, sentence, board, ms, what, recent } = violation
    return markup`<tr>
<td><code>${invariant}</code><br><small>${sentence}</small></td>
<td>${board}</td><td class="number">${timeMarkup(ms)}</td>
<td>${what}<details><summary>last ${pluralize(recent.length, "event")} of the board</summary>
<pre tabindex="0">${recent.map(formatTraceEvent).join("\n")}</pre></details>
<small>step by step: <code>${commands.board(seed, board)}</code></small></td></tr>
`
}

/** Returns the table of the violations of a run. */
export function violationsMarkup(
    { seed, violations, violationCount }: RunResult,
    commands: ReplayCommands
): Markup {
    if (violationCount === 0) return markup`<p>None.</p>`
    const more =
        violationCount > violations.length
            ? markup`<p>The first ${formatNumber(violations.length)} of ${formatNumber(violationCount)} violations.</p>`
            : undefined
    const rows = violations.map(violation => violationRow(seed, violation, commands))
    return markup`${more}${tableMarkup({ label: "Violations", heads: VIOLATION_HEADS, rows })}`
}

/** Returns the table of the invariants with their violations in all runs. A run keeps only its first violations. */
export function invariantsMarkup(results: RunResult[]): Markup {
    const broken = new Map<string, number>()
    for (const { invariant } of results.flatMap(({ violations }) => violations))
        broken.set(invariant, (broken.get(invariant) ?? 0) + 1)
    const rows = INVARIANTS.map(({ id, sentence, source }) => {
        const count = broken.get(id) ?? 0
        const verdict =
            count > 0
                ? markup`<b class="bad">${formatNumber(count)}</b>`
                : markup`<span class="good">holds</span>`
        return markup`<tr><td><code>${id}</code></td><td>${sentence}<br><small>${source}</small></td><td class="number">${verdict}</td></tr>
`
    })
    return tableMarkup({
        label: "Invariants",
        heads: ["Invariant", "Meaning", "Violations"],
        rows,
        size: "short",
    })
}

function seedRow(result: RunResult, commands: ReplayCommands): Markup {
    const { seed, boards, moored, violationCount, totals, violations, mooredAfterSec } = result
    const [first] = violations
    const lastSec = mooredAfterSec.at(-1)
    return markup`<tr><td class="number">${seed}</td>
<td class="number">${formatNumber(moored)} of ${formatNumber(boards)}</td>
<td class="number">${lastSec === undefined ? "never" : formatDuration(lastSec)}</td>
<td class="number">${violationCount > 0 ? markup`<b class="bad">${formatNumber(violationCount)}</b>` : "0"}</td>
<td class="number">${formatNumber(totals.throttled)}</td>
<td>${first ? markup`<code>${first.invariant}</code> ${first.board} at ${formatDuration(first.ms / 1000)}: ${first.what}` : "none"}</td>
<td class="command"><code>${commands.run(seed)}</code></td></tr>
`
}

const SEED_HEADS = ["Seed", "Moored", "Last after", "Violations", "429s", "First violation", "Command"]

/** Returns the table of the seeds. Seeds with violations come first. */
export function seedsMarkup(results: RunResult[], commands: ReplayCommands): Markup {
    const failing = results.filter(({ violationCount }) => violationCount > 0)
    const others = results.filter(({ violationCount }) => violationCount === 0)
    const shown = [...failing, ...others.slice(0, SEEDS_MAX)]
    const omitted = results.length - shown.length
    const rows = shown.map(result => seedRow(result, commands))
    return markup`${tableMarkup({ label: "Seeds", heads: SEED_HEADS, rows })}${omitted > 0 ? markup`<p>And ${pluralize(omitted, "more seed")} without a violation.</p>` : ""}`
}
