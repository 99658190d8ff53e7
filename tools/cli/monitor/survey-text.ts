// The survey of a fleet as text for a terminal.
import type { Failure, GroupSurvey, Survey } from "@moorage/fleet/monitor"
import { pluralize, formatElapsed, formatNumber } from "@moorage/report"
import { alignColumns, formatFraction, sparkline, formatUtc } from "@moorage/report"

const GROUPS_SHOWN = 40
const FAILURES_SHOWN = 10

const NOTE =
    "The numbers are approximate, because a record has only the times of the first and the latest registration."

function heading({ dps, utc, registered, statuses, groups, individuals }: Survey): string {
    const groupsText = `${pluralize(groups.length, "enrollment group")} and ${pluralize(individuals.enrollments, "individual enrollment")}`
    const failed = statuses.failed ? `, ${formatNumber(statuses.failed)} of them failed` : ""
    return `${dps}, ${formatUtc(utc)}: ${pluralize(registered, "device")} registered in ${groupsText}${failed}`
}

type TextRow = Pick<GroupSurvey, "id" | "isEnabled" | "registered" | "statuses">

function tableOf(rows: TextRow[]): string[] {
    const statuses = [...new Set(rows.flatMap(row => Object.keys(row.statuses)))].sort()
    const head = ["", "registered", ...statuses]
    const name = ({ id, isEnabled }: TextRow) => (isEnabled ? id : `${id} (disabled)`)
    return alignColumns([
        head,
        ...rows.map(row => [name(row), row.registered, ...statuses.map(status => row.statuses[status] ?? 0)]),
    ])
}

function groupLines({ groups, individuals, registered, statuses }: Survey): string[] {
    const shown = [...groups].sort((a, b) => b.registered - a.registered).slice(0, GROUPS_SHOWN)
    const rows: TextRow[] = [...shown]
    if (individuals.enrollments > 0)
        rows.push({ ...individuals, id: "individual enrollments", isEnabled: true })
    rows.push({ id: "all", isEnabled: true, registered, statuses })
    const { enrollments, lookedUp, disabled, disabledIds } = individuals
    const notes = [
        groups.length > shown.length ? `  and ${groups.length - shown.length} smaller groups` : "",
        lookedUp < enrollments
            ? `  ${pluralize(enrollments - lookedUp, "individual enrollment")} not looked up (see --look-up)`
            : "",
        disabled > 0
            ? `  ${pluralize(disabled, "individual enrollment")} disabled: ${disabledIds.join(", ")}${disabled > disabledIds.length ? ", ..." : ""}`
            : "",
    ]
    return [...tableOf(rows), ...notes.filter(Boolean)]
}

function hubLines({ hubs }: Survey): string[] {
    if (hubs.length === 0) return []
    return [
        "",
        "hubs",
        ...alignColumns(
            hubs.map(({ hostName, devices, share }) => [hostName, devices, formatFraction(share)])
        ),
    ]
}

/** Returns a failure as text, for example `12 x 400207: Custom allocation failed (for example b-7)`. */
export function failureText({ errorCode, errorMessage, devices, example }: Failure): string {
    return `${formatNumber(devices)} x ${errorCode ?? "no code"}: ${errorMessage || "no message"} (for example ${example})`
}

function failureLines({ failures }: Survey): string[] {
    if (failures.length === 0) return []
    const lines = failures.slice(0, FAILURES_SHOWN).map(failure => `  ${failureText(failure)}`)
    const rest = failures.length - lines.length
    return ["", "failed", ...lines, ...(rest > 0 ? [`  and ${rest} other reasons`] : [])]
}

/** Returns one line per day: counts, and a sparkline with one bar per hour. */
function rateLines({ rate }: Survey): string[] {
    const counts = rate.hours.map(({ first, again }) => first + again)
    const top = Math.max(1, ...counts)
    const days = rate.byDay.map(({ utc, first, again }, i) => [
        utc.slice(0, 10),
        first,
        again,
        // Padded to 24 characters, because alignColumns() aligns text to the right.
        sparkline(counts.slice(i * 24, (i + 1) * 24), top).padEnd(24) + "|",
    ])
    return [
        "",
        `registrations over the last ${rate.days} days (UTC; highest hour: ${formatNumber(top === 1 ? Math.max(...counts) : top)})`,
        ...alignColumns([["", "first", "again", "00    06    12    18    |"], ...days]),
        `  ${NOTE}`,
    ]
}

/** Returns the whole survey. */
export function surveyLines(survey: Survey): string[] {
    const { calls, throttled, tookSec } = survey
    const throttledText = throttled > 0 ? `, ${formatNumber(throttled)} of them throttled` : ""
    return [
        heading(survey),
        ...groupLines(survey),
        ...hubLines(survey),
        ...failureLines(survey),
        ...rateLines(survey),
        "",
        `${formatNumber(calls)} calls to DPS${throttledText}, in ${formatElapsed(tookSec)}`,
    ]
}
