// The HTML report of one survey. It works offline and without scripts.
import type { GroupSurvey, HourSurvey, Survey } from "@moorage/fleet/monitor"
import {
    AXIS,
    axisName,
    COLOUR,
    COUNT_AXIS,
    type Figure,
    figureMarkup,
    GRID,
    LEGEND,
    type Markup,
    markup,
    pageHtml,
    type PageSection,
    tableMarkup,
    tilesMarkup,
} from "@moorage/report/html"
import { formatDuration, formatNumber, formatPercent, formatUtc, pluralize } from "@moorage/report"

const HEIGHT_PX = 280
/** Maximum number of bars for hours. A longer period has one bar for each day. */
const BARS_MAX = 24 * 14

const HOURS_CAPTION =
    "Blue: boards that registered for the first time. Orange: boards that registered again. The numbers are approximate, " +
    "because a record has only the times of the first and the latest registration."

function rateFigure({ rate }: Survey): Figure {
    const isByHour = rate.hours.length <= BARS_MAX
    const bars = isByHour ? rate.hours : rate.byDay
    const label = ({ utc }: HourSurvey) =>
        isByHour ? `${utc.slice(5, 10)} ${utc.slice(11, 13)}h` : utc.slice(5, 10)
    const series = (["first", "again"] as const).map(kind => ({
        type: "bar" as const,
        name: kind === "first" ? "first" : "again",
        stack: "all",
        data: bars.map(bar => bar[kind]),
        itemStyle: { color: kind === "first" ? COLOUR.blue : COLOUR.orange },
        barCategoryGap: "10%",
    }))
    return {
        id: "rate",
        heading: `Registrations per ${isByHour ? "hour" : "day"}`,
        caption: `The last ${pluralize(rate.days, "day")}, UTC. ${HOURS_CAPTION}`,
        heightPx: HEIGHT_PX,
        isWide: true,
        draw: () => ({
            option: {
                grid: GRID,
                legend: LEGEND,
                xAxis: { ...AXIS, type: "category", data: bars.map(label), splitLine: { show: false } },
                yAxis: { ...COUNT_AXIS, ...axisName("") },
                series,
            },
            tooltip: (which, i) =>
                bars[i] && `${label(bars[i])}: ${formatNumber(series[which]?.data[i] ?? 0)}`,
        }),
    }
}

const numbers = (cells: number[]) => cells.map(n => markup`<td class="number">${formatNumber(n)}</td>`)

function groupsTable(survey: Survey): Markup {
    const { groups, individuals } = survey
    const statuses = Object.keys(survey.statuses)
    type Row = Pick<GroupSurvey, "id" | "isEnabled" | "registered" | "statuses">
    const row = ({ id, isEnabled, registered, statuses: counts }: Row) => markup`<tr>
<td>${id}${isEnabled ? "" : markup` <b class="bad">disabled</b>`}</td>${numbers([registered, ...statuses.map(status => counts[status] ?? 0)])}</tr>
`
    const rows = [...groups].sort((a, b) => b.registered - a.registered).map(row)
    if (individuals.enrollments > 0)
        rows.push(row({ ...individuals, id: "individual enrollments", isEnabled: true }))
    return tableMarkup({ label: "Enrollments", heads: ["Enrollment", "Registered", ...statuses], rows })
}

function hubsTable({ hubs, registered }: Survey): Markup {
    const rows = hubs.map(
        ({ hostName, devices }) =>
            markup`<tr><td>${hostName}</td>${numbers([devices])}<td class="number">${formatPercent(devices, registered)}</td></tr>
`
    )
    return tableMarkup({ label: "Hubs", heads: ["Hub", "Devices", "Share of all"], rows, size: "short" })
}

function failuresTable({ failures }: Survey): Markup {
    if (failures.length === 0) return markup`<p>None.</p>`
    const rows = failures.map(
        ({ errorCode, errorMessage, devices, example }) =>
            markup`<tr><td class="number">${errorCode ?? "none"}</td><td>${errorMessage}</td>${numbers([devices])}<td>${example}</td></tr>
`
    )
    return tableMarkup({ label: "Failures", heads: ["Code", "Message", "Devices", "Example"], rows })
}

function disabledNote({ individuals: { disabled, disabledIds, enrollments, lookedUp } }: Survey): Markup {
    const more = disabled > disabledIds.length ? ", ..." : ""
    const disabledText = `${pluralize(disabled, "individual enrollment is", "individual enrollments are")} disabled: ${disabledIds.join(", ")}${more}.`
    const skippedText = `The registrations of ${pluralize(enrollments - lookedUp, "individual enrollment")} were not looked up.`
    return markup`${disabled > 0 ? markup`<p>${disabledText}</p>` : ""}${lookedUp < enrollments ? markup`<p>${skippedText}</p>` : ""}`
}

/** Returns the report as an HTML page. */
export function monitorHtml(survey: Survey): string {
    const { dps, utc, registered, statuses, groups, individuals, calls, throttled, tookSec } = survey
    const failed = statuses.failed ?? 0
    const title = `${pluralize(registered, "device")} registered at ${dps}`
    const badge =
        failed > 0
            ? markup`<span class="badge bad">${formatNumber(failed)} failed</span>`
            : markup`<span class="badge good">none failed</span>`
    const sections: PageSection[] = [
        {
            id: "numbers",
            heading: "Numbers",
            body: markup`${tilesMarkup([
                ["registered", formatNumber(registered)],
                ["enrollment groups", formatNumber(groups.length)],
                ["groups disabled", formatNumber(groups.filter(({ isEnabled }) => !isEnabled).length)],
                ["individuals", formatNumber(individuals.enrollments)],
                ["individuals disabled", formatNumber(individuals.disabled)],
                ["failed", formatNumber(failed)],
            ])}<div class="figures">${figureMarkup(rateFigure(survey))}</div>`,
        },
        {
            id: "groups",
            heading: "Enrollments",
            body: markup`${groupsTable(survey)}${disabledNote(survey)}`,
        },
        { id: "hubs", heading: "Hubs", body: hubsTable(survey) },
        { id: "failures", heading: "Failures", body: failuresTable(survey) },
    ]
    return pageHtml({
        title,
        header: markup`<div class="subtitle">Moorage, ${formatUtc(utc)}</div>
<h1>${title}</h1>
${badge}
`,
        sections,
        footer: markup`Made by <code>moorage monitor --report</code> with ${pluralize(calls, "call")} to DPS, ${formatNumber(throttled)} of them throttled, in ${formatDuration(tookSec)}.`,
    })
}
