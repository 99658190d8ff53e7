// The HTML report of a rollout plan. It works offline and without scripts.
import {
    findCurve,
    formatLocalTime,
    type RolloutPlan,
    type PlannedBatch,
    predictedPoints,
    ratePerSec,
} from "@moorage/fleet/rollout"
import { cumulative } from "@moorage/simulator/model"
import {
    COLOUR,
    COUNT_AXIS,
    type Figure,
    FIGURE_HEIGHT_PX,
    figureMarkup,
    LINE_STYLE,
    type Markup,
    markup,
    pageHtml,
    tableMarkup,
    tilesMarkup,
    timeChart,
} from "@moorage/report/html"
import { formatNumber, pluralize, formatDuration } from "@moorage/report"
import { boardsText, predictionText, rateText } from "./plan-text.js"

const POINTS = 400

type Data = [number, number][]

const line = (name: string, colour: string, data: Data, type: "solid" | "dashed" = "solid") => ({
    ...LINE_STYLE,
    name,
    data,
    lineStyle: { width: type === "solid" ? 2 : 1.5, color: colour, type },
    itemStyle: { color: colour },
})

function mooredFigure(plan: RolloutPlan): Figure {
    const points = predictedPoints(plan, POINTS)
    const startMs = points[0]?.atMs ?? 0
    const sec = (ms: number) => (ms - startMs) / 1000
    const data = points.map(({ atMs, moored }): [number, number] => [sec(atMs), moored])
    const toSec = sec(points.at(-1)?.atMs ?? 0)
    return {
        id: "moored",
        heading: "Predicted number of moored boards",
        caption: `From ${formatLocalTime(startMs, plan.timeZone)} (${plan.timeZone}) on. The curve is flat outside working hours, during pauses and between batches.`,
        heightPx: FIGURE_HEIGHT_PX,
        isWide: true,
        draw: timeChart({
            toSec,
            timeName: "since the first batch",
            yAxis: COUNT_AXIS,
            series: [line("moored", COLOUR.blue, data)],
        }),
    }
}

function registrationFigure(plan: RolloutPlan): Figure {
    const largest = plan.batches.reduce((one, other) => (other.boards > one.boards ? other : one))
    const { binSec, registered } = findCurve(plan, largest)
    const sums = cumulative(registered).map((n, i): [number, number] => [(i + 1) * binSec, n])
    const toSec = registered.length * binSec
    const quota: Data = [
        [0, 0],
        [toSec, ratePerSec(plan.limits) * toSec],
    ]
    return {
        id: "registrations",
        heading: "Registrations of the largest batch",
        caption: `${pluralize(largest.boards, "board")} register. The dashed line is the quota.`,
        heightPx: FIGURE_HEIGHT_PX,
        isWide: true,
        draw: timeChart({
            toSec,
            timeName: "since power-on",
            yAxis: COUNT_AXIS,
            series: [
                line("registered", COLOUR.blue, [[0, 0], ...sums]),
                line("quota", COLOUR.text, quota, "dashed"),
            ],
        }),
    }
}

function batchesTable({ batches, timeZone }: RolloutPlan): Markup {
    const local = (utc: string) => formatLocalTime(Date.parse(utc), timeZone)
    const number = (n: number) => markup`<td class="number">${formatNumber(n)}</td>`
    const row = (batch: PlannedBatch, i: number) => markup`<tr>${number(i + 1)}${number(batch.wave)}${number(
        batch.boards
    )}${number(batch.slots)}<td class="number">${local(batch.startUtc)}</td><td class="number">${local(
        batch.slotsEndUtc
    )}</td><td>${boardsText(batch)}</td></tr>
`
    const heads = ["Batch", "Wave", "Count", "Slots", "Power on", "Slots end", "Boards"]
    return tableMarkup({ label: "Batches", heads, rows: batches.map(row) })
}

/** Returns the report as an HTML page. */
export function planHtml(plan: RolloutPlan): string {
    const { fleet, waves, batches, prediction, slots, timeZone } = plan
    const title = `${pluralize(fleet.boards, "board")} in ${pluralize(waves.length, "wave")} and ${pluralize(batches.length, "batch", "batches")}`
    const isSuccess = prediction.throttled === 0 && prediction.moored === fleet.boards
    return pageHtml({
        title,
        header: markup`<div class="subtitle">Moorage, rollout plan; times in ${timeZone}</div>
<h1>${title}</h1>
<span class="badge ${isSuccess ? "good" : "bad"}">${predictionText(plan)}</span>
`,
        sections: [
            {
                id: "numbers",
                heading: "Numbers",
                body: markup`${tilesMarkup([
                    ["boards", formatNumber(fleet.boards)],
                    ["waves", formatNumber(waves.length)],
                    ["batches", formatNumber(batches.length)],
                    ["boards per slot", formatNumber(slots.boardsPerSlot)],
                    ["slot length", formatDuration(slots.slotSec)],
                    ["predicted throttled calls (429)", formatNumber(prediction.throttled)],
                ])}<p>${rateText(plan)}.</p><div class="figures">${[mooredFigure(plan), registrationFigure(plan)].map(figureMarkup)}</div>`,
            },
            { id: "batches", heading: "Batches", body: batchesTable(plan) },
        ],
        footer: markup`Made by <code>moorage rollout plan --report</code>. The model includes throttling, slots and waits, but no other faults.`,
    })
}
