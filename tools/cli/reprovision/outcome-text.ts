// The output of `moorage reprovision` on a terminal.
import type { ReprovisionOutcome, ReprovisionSummary, ReprovisionResult } from "@moorage/fleet/reprovision"
import { formatElapsed, formatNumber } from "@moorage/report"

const LABELS: Record<ReprovisionResult, string> = {
    accepted: "accepted",
    refused: "refused",
    offline: "offline",
    timeout: "no response",
    unknown: "unknown",
    noAccess: "no access",
    failed: "failed",
    planned: "selected",
}

/** Returns the outcome of one board as a line. */
export function outcomeText(outcome: ReprovisionOutcome): string {
    const { id, hub, result, code, detail, delaySec, isRecordDeleted } = outcome
    const isExpected = result === "accepted" || result === "planned"
    const wait = isExpected && delaySec !== null ? `, registers in ${formatElapsed(delaySec)}` : ""
    const reason = detail ? `: ${detail}${code === null ? "" : ` (${code})`}` : ""
    const deleted = isRecordDeleted ? "; its registration record was deleted" : ""
    return `${id} on ${hub ?? "no known hub"}: ${LABELS[result]}${wait}${reason}${deleted}`
}

/** Returns the counts of all boards as a line. */
export function summaryText({ results, skipped, isStopped }: ReprovisionSummary): string {
    const counts = Object.entries(results).map(
        ([result, n]) => `${formatNumber(n)} ${LABELS[result as ReprovisionResult]}`
    )
    const total = Object.values(results).reduce((sum, n) => sum + n, 0)
    const parts = [`${formatNumber(total)} devices${counts.length > 0 ? `: ${counts.join(", ")}` : ""}`]
    if (skipped > 0) parts.push(`${formatNumber(skipped)} skipped (accepted in an earlier run)`)
    if (isStopped) parts.push("interrupted before the remaining devices")
    return parts.join("; ")
}
