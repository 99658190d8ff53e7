// Tiles with the numbers of a run.
import { formatDuration, formatNumber } from "@moorage/report"
import { type Markup, markup, tilesMarkup } from "@moorage/report/html"
import type { RunResult } from "../trace/run-result.js"

/** Returns the most important numbers. */
export function keyNumbers(result: RunResult): Markup {
    const { boards, moored, violationCount, totals, durationSec, quotaPerSec } = result
    return tilesMarkup([
        ["boards", formatNumber(boards)],
        ["moored at the end", formatNumber(moored)],
        ["violations", formatNumber(violationCount)],
        ["DPS registrations", formatNumber(totals.registrations)],
        ["DPS quota", quotaPerSec === null ? "none" : `${formatNumber(quotaPerSec * 60)}/min`],
        ["429 answers", formatNumber(totals.throttled)],
        ["virtual time", formatDuration(durationSec)],
    ])
}

/** Returns all totals, and the hash of the trace. */
export function allNumbers({ totals, bricked, traceHash }: RunResult): Markup {
    return markup`${tilesMarkup([
        ["registration requests to DPS", formatNumber(totals.registrations)],
        ["DPS polls", formatNumber(totals.polls)],
        ["status lookups", formatNumber(totals.lookups)],
        ["429 answers", formatNumber(totals.throttled)],
        ["hub connections accepted", formatNumber(totals.hubConnects)],
        ["hub connections refused", formatNumber(totals.hubRefusals)],
        ["connection attempts", formatNumber(totals.dials)],
        ["failed connections", formatNumber(totals.failedDials)],
        ["telemetry messages", formatNumber(totals.telemetry)],
        ["flash writes", formatNumber(totals.flashWrites)],
        ["chip restarts", formatNumber(totals.resets)],
        ["panics", formatNumber(totals.panics)],
        ["bricked by a torn write", formatNumber(bricked)],
        ["trace events", formatNumber(totals.traceEvents)],
    ])}
<p><small>SHA-256 of the trace: <code>${traceHash}</code></small></p>`
}
