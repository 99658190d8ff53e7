// What `moorage simulate` prints for a person.
import {
    formatTraceEvent,
    INVARIANTS,
    type ReplayCommands,
    type RunResult,
    type ShrunkPlan,
    type SimulationSummary,
    formatSimulationPlan,
} from "@moorage/simulator"
import { formatElapsed, formatNumber } from "@moorage/report"

/** One run on one screen. */
export function runText(result: RunResult, tookSec: number): string {
    const { totals, mooredAfterSec, hubs } = result
    const half = mooredAfterSec[Math.floor(mooredAfterSec.length / 2)]
    const last = mooredAfterSec.at(-1)
    const shares = Object.entries(hubs).map(([name, count]) => `${name.split(".")[0]} ${formatNumber(count)}`)
    const came =
        half === undefined || last === undefined
            ? ""
            : `; half within ${formatElapsed(half)}, the last after ${formatElapsed(last)}`
    const speed = tookSec > 0 ? `, ${formatNumber(result.durationSec / tookSec)} times as fast as theirs` : ""
    return [
        `${result.plan}, seed ${result.seed}: ${formatNumber(result.boards)} boards, ${formatElapsed(result.durationSec)} of their time`,
        `  moored      ${formatNumber(result.moored)} of ${formatNumber(result.boards)}${came}`,
        `  DPS         ${formatNumber(totals.registrations)} registrations, ${formatNumber(totals.lookups)} lookups, ${formatNumber(totals.throttled)} calls throttled (429)`,
        `  hubs        ${formatNumber(totals.hubConnects)} connects, ${formatNumber(totals.hubRefusals)} refused; ${shares.join(", ")}`,
        `  boards      ${totals.resets} resets, ${totals.panics} panics, ${result.bricked} bricked by a torn write, ${formatNumber(totals.flashWrites)} flash writes`,
        `  invariants  ${result.violationCount === 0 ? `all ${INVARIANTS.length} hold` : `${formatNumber(result.violationCount)} VIOLATIONS`}`,
        `  trace       ${formatNumber(totals.facts)} facts, sha256 ${result.traceHash.slice(0, 16)}`,
        `  took ${formatElapsed(tookSec)}${speed}`,
    ].join("\n")
}

/** What broke, what led to it, and how to see it again. */
export function violationText(result: RunResult, replay: ReplayCommands): string {
    const [violation] = result.violations
    if (!violation) return ""
    const { invariant, sentence, board, ms, what, recent } = violation
    return [
        `VIOLATION of ${invariant}: ${sentence}`,
        `  seed ${result.seed}, ${board}, at ${(ms / 1000).toFixed(3)} s: ${what}`,
        `  the board's last ${recent.length} events:`,
        ...recent.map(fact => `  ${formatTraceEvent(fact)}`),
        `  again:       ${replay.run(result.seed)}`,
        `  this board:  ${replay.board(result.seed, board)}`,
    ].join("\n")
}

/** The smallest plan that was found. */
export function shrunkText({ plan, violation, tries }: ShrunkPlan, seed: number): string {
    return [
        `The smallest plan found in ${tries} tries that still breaks ${violation.invariant}, with seed ${seed}:`,
        "",
        formatSimulationPlan(plan).trimEnd(),
    ].join("\n")
}

/** Many seeds on one screen. */
export function summaryText({ plan, seeds }: SimulationSummary, tookSec?: number): string {
    const sum = (of: (seed: (typeof seeds)[number]) => number) =>
        seeds.reduce((total, seed) => total + of(seed), 0)
    const bad = seeds.filter(({ broken }) => Object.keys(broken).length > 0)
    const lines = [
        `${plan}: ${formatNumber(seeds.length)} seeds, ${formatNumber(sum(seed => seed.boards))} boards, ${formatElapsed(sum(seed => seed.durationSec))} of fleet time`,
        `  moored      ${formatNumber(sum(seed => seed.moored))} of ${formatNumber(sum(seed => seed.boards))}, ${sum(seed => seed.bricked)} bricked by a torn write`,
        `  DPS         ${formatNumber(sum(seed => seed.totals.registrations))} registrations, ${formatNumber(sum(seed => seed.totals.throttled))} calls throttled (429)`,
        `  invariants  ${bad.length === 0 ? `all ${INVARIANTS.length} hold in every seed` : `broken in ${bad.length} seeds`}`,
    ]
    for (const { seed, broken, first } of bad.slice(0, 20))
        lines.push(
            `    seed ${seed}: ${Object.entries(broken)
                .map(([id, count]) => `${id} ${count}`)
                .join(
                    ", "
                )}; first at ${((first?.ms ?? 0) / 1000).toFixed(1)} s, ${first?.board}: ${first?.what}`
        )
    if (bad.length > 20) lines.push(`    and ${bad.length - 20} more`)
    if (tookSec !== undefined && tookSec > 0)
        lines.push(
            `  took ${formatElapsed(tookSec)}, ${formatNumber((seeds.length / tookSec) * 60)} seeds a minute`
        )
    return lines.join("\n")
}
