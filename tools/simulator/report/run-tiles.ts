// Numbers of a run as tiles.
import { formatDuration, formatNumber } from "@moorage/report"
import { type Markup, markup, tilesMarkup } from "@moorage/report/html"
import type { RunResult } from "../trace/run-result.js"

/** What a reader wants to know first. */
export function keyNumbers(result: RunResult): Markup {
    const { boards, moored, violationCount, totals, durationSec, quotaPerSec } = result
    return tilesMarkup([
        ["boards", formatNumber(boards)],
        ["moored at the end", formatNumber(moored)],
        ["violations", formatNumber(violationCount)],
        ["DPS registrations", formatNumber(totals.registrations)],
        ["DPS quota", quotaPerSec === null ? "none" : `${formatNumber(quotaPerSec * 60)}/min`],
        ["answers 429", formatNumber(totals.throttled)],
        ["virtual time", formatDuration(durationSec)],
    ])
}

/** All that was counted. */
export function allNumbers({ totals, bricked, traceHash }: RunResult): Markup {
    return markup`${tilesMarkup([
        ["registrations asked of DPS", formatNumber(totals.registrations)],
        ["polls of DPS", formatNumber(totals.polls)],
        ["status lookups", formatNumber(totals.lookups)],
        ["answers 429", formatNumber(totals.throttled)],
        ["hub connections accepted", formatNumber(totals.hubConnects)],
        ["hub connections refused", formatNumber(totals.hubRefusals)],
        ["connections dialled", formatNumber(totals.dials)],
        ["connections that failed", formatNumber(totals.failedDials)],
        ["telemetry messages", formatNumber(totals.telemetry)],
        ["writes to flash", formatNumber(totals.flashWrites)],
        ["restarts of the chip", formatNumber(totals.resets)],
        ["panics", formatNumber(totals.panics)],
        ["bricked by a torn write", formatNumber(bricked)],
        ["facts in the trace", formatNumber(totals.facts)],
    ])}
<p><small>SHA-256 of the trace: <code>${traceHash}</code></small></p>`
}
