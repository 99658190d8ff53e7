// What `moorage reprovision` prints for a person.
import type { ReprovisionOutcome, ReprovisionResult, ReprovisionSummary } from "@moorage/fleet/reprovision"
import { formatElapsed, formatNumber } from "@moorage/report"

const WORDS: Record<ReprovisionResult, string> = {
    accepted: "accepted",
    refused: "refused",
    offline: "offline",
    timeout: "no answer",
    unknown: "unknown",
    noAccess: "no access",
    failed: "failed",
    planned: "would be asked",
}

/** One device on one line. */
export function outcomeText({
    id,
    hub,
    result,
    code,
    detail,
    delaySec,
    isRecordDeleted,
}: ReprovisionOutcome): string {
    const wait = delaySec === null ? "" : `, registers in ${formatElapsed(delaySec)}`
    const told = result === "accepted" || result === "planned" ? wait : ""
    const why = detail ? `: ${detail}${code === null ? "" : ` (${code})`}` : ""
    const deleted = isRecordDeleted ? "; its record in DPS was deleted" : ""
    return `${id} on ${hub ?? "no known hub"}: ${WORDS[result]}${told}${why}${deleted}`
}

/** All of it on one line. */
export function summaryText({ results, skipped, isStopped }: ReprovisionSummary): string {
    const counts = Object.entries(results).map(
        ([result, n]) => `${formatNumber(n)} ${WORDS[result as ReprovisionResult]}`
    )
    const asked = Object.values(results).reduce((sum, n) => sum + n, 0)
    const parts = [`${formatNumber(asked)} devices${counts.length > 0 ? `: ${counts.join(", ")}` : ""}`]
    if (skipped > 0) parts.push(`${formatNumber(skipped)} left out, which accepted before`)
    if (isStopped) parts.push("interrupted before the rest")
    return parts.join("; ")
}
