// The output of `moorage simulate` on a terminal.
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

const SEEDS_SHOWN = 20

/** Returns the result of one run as lines of text. */
export function runText(result: RunResult, tookSec: number): string {
    const { totals, mooredAfterSec, hubs } = result
    const half = mooredAfterSec[Math.floor(mooredAfterSec.length / 2)]
    const last = mooredAfterSec.at(-1)
    const shares = Object.entries(hubs).map(([name, count]) => `${name.split(".")[0]} ${formatNumber(count)}`)
    const mooredTimes =
        half === undefined || last === undefined
            ? ""
            : `; half within ${formatElapsed(half)}, the last after ${formatElapsed(last)}`
    const speed = tookSec > 0 ? `, ${formatNumber(result.durationSec / tookSec)} times real time` : ""
    return [
        `${result.plan}, seed ${result.seed}: ${formatNumber(result.boards)} boards, ${formatElapsed(result.durationSec)} of virtual time`,
        `  moored      ${formatNumber(result.moored)} of ${formatNumber(result.boards)}${mooredTimes}`,
        `  DPS         ${formatNumber(totals.registrations)} registrations, ${formatNumber(totals.lookups)} lookups, ${formatNumber(totals.throttled)} calls throttled (429)`,
        `  hubs        ${formatNumber(totals.hubConnects)} connects, ${formatNumber(totals.hubRefusals)} refused; ${shares.join(", ")}`,
        `  boards      ${totals.resets} resets, ${totals.panics} panics, ${result.bricked} bricked by a torn write, ${formatNumber(totals.flashWrites)} flash writes`,
        `  invariants  ${result.violationCount === 0 ? `all ${INVARIANTS.length} hold` : `${formatNumber(result.violationCount)} VIOLATIONS`}`,
        `  trace       ${formatNumber(totals.traceEvents)} events, sha256 ${result.traceHash.slice(0, 16)}`,
        `  took ${formatElapsed(tookSec)}${speed}`,
    ].join("\n")
}

/** Returns a violation, the board's last events, and the commands that repeat the run. */
export function violationText(result: RunResult, replay: ReplayCommands): string {
    const [violation] = result.violations
    if (!violation) return ""
    const { invariant, sentence, board, ms, what, recent } = violation
    return [
        `VIOLATION of ${invariant}: ${sentence}`,
        `  seed ${result.seed}, ${board}, at ${(ms / 1000).toFixed(3)} s: ${what}`,
        `  the board's last ${recent.length} events:`,
        ...recent.map(event => `  ${formatTraceEvent(event)}`),
        `  this run:    ${replay.run(result.seed)}`,
        `  this board:  ${replay.board(result.seed, board)}`,
    ].join("\n")
}

/** Returns the smallest plan with the same violation. */
export function shrunkText({ plan, violation, tries }: ShrunkPlan, seed: number): string {
    return [
        `The smallest plan found in ${tries} tries that violates ${violation.invariant}, with seed ${seed}:`,
        "",
        formatSimulationPlan(plan).trimEnd(),
    ].join("\n")
}

/** Returns the result of many seeds as lines of text. */
export function summaryText({ plan, seeds }: SimulationSummary, tookSec?: number): string {
    const sum = (valueOf: (seed: (typeof seeds)[number]) => number) =>
        seeds.reduce((total, seed) => total + valueOf(seed), 0)
    const brokenSeeds = seeds.filter(({ broken }) => Object.keys(broken).length > 0)
    const lines = [
        `${plan}: ${formatNumber(seeds.length)} seeds, ${formatNumber(sum(seed => seed.boards))} boards, ${formatElapsed(sum(seed => seed.durationSec))} of virtual time`,
        `  moored      ${formatNumber(sum(seed => seed.moored))} of ${formatNumber(sum(seed => seed.boards))}, ${sum(seed => seed.bricked)} bricked by a torn write`,
        `  DPS         ${formatNumber(sum(seed => seed.totals.registrations))} registrations, ${formatNumber(sum(seed => seed.totals.throttled))} calls throttled (429)`,
        `  invariants  ${brokenSeeds.length === 0 ? `all ${INVARIANTS.length} hold in every seed` : `violated in ${brokenSeeds.length} seeds`}`,
    ]
    for (const { seed, broken, first } of brokenSeeds.slice(0, SEEDS_SHOWN))
        lines.push(
            `    seed ${seed}: ${Object.entries(broken)
                .map(([id, count]) => `${id} ${count}`)
                .join(
                    ", "
                )}; first at ${((first?.ms ?? 0) / 1000).toFixed(1)} s, ${first?.board}: ${first?.what}`
        )
    if (brokenSeeds.length > SEEDS_SHOWN) lines.push(`    and ${brokenSeeds.length - SEEDS_SHOWN} more`)
    if (tookSec !== undefined && tookSec > 0)
        lines.push(
            `  took ${formatElapsed(tookSec)}, ${formatNumber((seeds.length / tookSec) * 60)} seeds per minute`
        )
    return lines.join("\n")
}
