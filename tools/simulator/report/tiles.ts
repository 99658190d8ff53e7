// Numbers of a run, a tile each.
import type { RunResult } from "../result.js"
import { type Markup, markup } from "./markup.js"
import { count, duration } from "./words.js"

export const tiles = (each: [string, string][]) =>
    markup`<dl class="tiles">${each.map(([what, n]) => markup`<div><dt>${what}</dt><dd>${n}</dd></div>`)}</dl>
`

/** What a reader wants to know first. */
export function firstNumbers(result: RunResult): Markup {
    const { boards, moored, violationCount, totals, durationSec, quotaPerSec } = result
    return tiles([
        ["boards", count(boards)],
        ["moored at the end", count(moored)],
        ["violations", count(violationCount)],
        ["DPS registrations", count(totals.registrations)],
        ["DPS quota", quotaPerSec === null ? "none" : `${count(quotaPerSec * 60)}/min`],
        ["answers 429", count(totals.throttled)],
        ["virtual time", duration(durationSec)],
    ])
}

/** All that was counted. */
export function allNumbers({ totals, bricked, traceHash }: RunResult): Markup {
    return markup`${tiles([
        ["registrations asked of DPS", count(totals.registrations)],
        ["polls of DPS", count(totals.polls)],
        ["status lookups", count(totals.lookups)],
        ["answers 429", count(totals.throttled)],
        ["hub connections accepted", count(totals.hubConnects)],
        ["hub connections refused", count(totals.hubRefusals)],
        ["connections dialled", count(totals.dials)],
        ["connections that failed", count(totals.failedDials)],
        ["telemetry messages", count(totals.telemetry)],
        ["writes to flash", count(totals.flashWrites)],
        ["restarts of the chip", count(totals.resets)],
        ["panics", count(totals.panics)],
        ["bricked by a torn write", count(bricked)],
        ["facts in the trace", count(totals.facts)],
    ])}
<p><small>SHA-256 of the trace: <code>${traceHash}</code></small></p>`
}
