// Figures over virtual time: what the fleet came to, and how fast it asked DPS and the hubs.
import type { LineSeriesOption, YAXisComponentOption } from "echarts"
import { COLOUR, GRID } from "@moorage/report/html"
import type { RunResult, Series } from "../trace/run-result.js"
import { COUNT_AXIS, RATE_AXIS } from "@moorage/report/html"
import type { Figure } from "@moorage/report/html"
import { FIGURE_HEIGHT_PX, LINE_STYLE, timeChart } from "@moorage/report/html"
import { formatNumber, pluralize, formatDuration, formatRounded } from "@moorage/report"

const TIME = "virtual time"

/** A narrow legend takes two rows. */
const gridFor = (width: number) => (width < 500 ? { ...GRID, top: 64 } : GRID)

/** Where the last thing happens; the rest of a long run is left out of the figures, and they say so. */
function activeSec(result: RunResult): number {
    const { binSec, moored, registered, throttled, lookups, hubConnects, hubRefusals } = result.series
    const isBusy = (i: number) =>
        (i > 0 && moored[i] !== moored[i - 1]) ||
        [registered, throttled, lookups, hubConnects, hubRefusals].some(counts => (counts[i] as number) > 0)
    let last = Math.min(moored.length, Math.ceil(result.durationSec / binSec)) - 1
    while (last > 0 && !isBusy(last)) last--
    const withRoomSec = Math.ceil((last + 1) * 1.1 + 1) * binSec
    return Math.min(result.durationSec, Math.max(60, withRoomSec))
}

interface ShownPeriod {
    toSec: number
    /** A sentence about what is left out, or nothing. */
    note: string
}

function shownPeriod(result: RunResult): ShownPeriod {
    const toSec = activeSec(result)
    const isWhole = toSec >= result.durationSec
    return {
        toSec,
        note: isWhole
            ? ""
            : ` After ${formatDuration(toSec)} of ${formatDuration(result.durationSec)} nothing changes.`,
    }
}

/** Counts as so many a second, a step for each bin. */
function rates({ binSec }: Series, counts: number[], toSec: number): [number, number][] {
    const bins = Math.min(counts.length, Math.ceil(toSec / binSec))
    const points = counts.slice(0, bins).map((n, i): [number, number] => [i * binSec, n / binSec])
    return [...points, [Math.min(toSec, bins * binSec), points.at(-1)?.[1] ?? 0]]
}

function rateLine(
    name: string,
    colour: string,
    data: [number, number][],
    isFilled = false
): LineSeriesOption {
    return {
        ...LINE_STYLE,
        name,
        data,
        step: "end",
        lineStyle: { width: 1.5, color: colour },
        itemStyle: { color: colour },
        areaStyle: isFilled ? { color: colour, opacity: 0.15 } : undefined,
    }
}

function levelLine(name: string, level: number, toSec: number): LineSeriesOption {
    return {
        ...LINE_STYLE,
        name,
        data: [
            [0, level],
            [toSec, level],
        ],
        lineStyle: { width: 1.5, type: "dashed", color: COLOUR.ink },
        itemStyle: { color: COLOUR.ink },
    }
}

function drawChart({ toSec }: ShownPeriod, yAxis: YAXisComponentOption, series: LineSeriesOption[]) {
    return timeChart({ toSec, timeName: TIME, yAxis, series, grid: gridFor })
}

export function mooredFigure(result: RunResult): Figure {
    const { series, boards, moored } = result
    const stretch = shownPeriod(result)
    const bins = Math.ceil(stretch.toSec / series.binSec)
    const points = series.moored
        .slice(0, bins)
        .map((n, i): [number, number] => [Math.min(stretch.toSec, (i + 1) * series.binSec), n])
    return {
        id: "moored",
        heading: "Moored boards over time",
        caption:
            `How fast the line comes to the dashed one, and whether it falls again: ` +
            `${formatNumber(moored)} of ${pluralize(boards, "board")} are moored at the end.${stretch.note}`,
        heightPx: FIGURE_HEIGHT_PX,
        draw: drawChart(stretch, COUNT_AXIS, [
            {
                ...LINE_STYLE,
                name: "moored",
                data: [[0, 0], ...points],
                lineStyle: { width: 2, color: COLOUR.green },
                itemStyle: { color: COLOUR.green },
                areaStyle: { color: COLOUR.green, opacity: 0.15 },
            },
            levelLine(`all ${pluralize(boards, "board")}`, boards, stretch.toSec),
        ]),
    }
}

export function dpsFigure(result: RunResult): Figure {
    const { series, quotaPerSec, totals } = result
    const stretch = shownPeriod(result)
    const rate = (counts: number[]) => rates(series, counts, stretch.toSec)
    const quota =
        quotaPerSec === null
            ? []
            : [levelLine(`quota, ${formatRounded(quotaPerSec)}/s`, quotaPerSec, stretch.toSec)]
    return {
        id: "dps",
        heading: "DPS calls and 429s a second, against the quota",
        caption:
            "Registrations may stand above the dashed quota only while its bucket, full at first, lasts; red is what " +
            `came too soon: ${pluralize(totals.throttled, "call was", "calls were")} answered 429. Mean of each ` +
            `${formatDuration(series.binSec)}.${stretch.note}`,
        heightPx: FIGURE_HEIGHT_PX,
        draw: drawChart(stretch, RATE_AXIS, [
            rateLine("registrations taken", COLOUR.blue, rate(series.registered), true),
            rateLine("lookups", COLOUR.violet, rate(series.lookups)),
            rateLine("429", COLOUR.red, rate(series.throttled), true),
            ...quota,
        ]),
    }
}

export function hubRateFigure(result: RunResult): Figure {
    const { series, totals } = result
    const stretch = shownPeriod(result)
    const rate = (counts: number[]) => rates(series, counts, stretch.toSec)
    return {
        id: "hub-rate",
        heading: "Connections to the hubs a second",
        caption:
            "High, narrow peaks are storms: all boards at the door at once. " +
            `${pluralize(totals.hubConnects, "connection was", "connections were")} accepted, ` +
            `${formatNumber(totals.hubRefusals)} refused. Mean of each ${formatDuration(series.binSec)}.${stretch.note}`,
        heightPx: FIGURE_HEIGHT_PX,
        draw: drawChart(stretch, RATE_AXIS, [
            rateLine("accepted", COLOUR.green, rate(series.hubConnects), true),
            rateLine("refused", COLOUR.red, rate(series.hubRefusals), true),
        ]),
    }
}
