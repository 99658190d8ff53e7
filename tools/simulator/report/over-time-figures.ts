// Figures over virtual time: moored boards, and rates of DPS calls and hub connections.
import type { LineSeriesOption, YAXisComponentOption } from "echarts"
import {
    COLOUR,
    COUNT_AXIS,
    type Figure,
    FIGURE_HEIGHT_PX,
    GRID,
    LINE_STYLE,
    RATE_AXIS,
    timeChart,
} from "@moorage/report/html"
import type { RunResult, Series } from "../trace/run-result.js"
import { formatNumber, pluralize, formatDuration, formatRounded } from "@moorage/report"

const TIME = "virtual time"

/** Returns the margins. A narrow legend has two rows. */
const gridFor = (width: number) => (width < 500 ? { ...GRID, top: 64 } : GRID)

/** Returns the end of the part of a run that the figures show: soon after the last change. */
function activeSec(result: RunResult): number {
    const { binSec, moored, registered, throttled, lookups, hubConnects, hubRefusals } = result.series
    const isActive = (i: number) =>
        (i > 0 && moored[i] !== moored[i - 1]) ||
        [registered, throttled, lookups, hubConnects, hubRefusals].some(counts => (counts[i] as number) > 0)
    let last = Math.min(moored.length, Math.ceil(result.durationSec / binSec)) - 1
    while (last > 0 && !isActive(last)) last--
    const withMarginSec = Math.ceil((last + 1) * 1.1 + 1) * binSec
    return Math.min(result.durationSec, Math.max(60, withMarginSec))
}

/** The part of a run that the figures show. */
interface ShownPeriod {
    toSec: number
    /** A sentence about the part that is not shown, or an empty text. */
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

/** Returns counts per bin as rates per second, one step per bin. */
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
        lineStyle: { width: 1.5, type: "dashed", color: COLOUR.text },
        itemStyle: { color: COLOUR.text },
    }
}

function drawChart({ toSec }: ShownPeriod, yAxis: YAXisComponentOption, series: LineSeriesOption[]) {
    return timeChart({ toSec, timeName: TIME, yAxis, series, grid: gridFor })
}

/** Returns the moored boards over time. */
export function mooredFigure(result: RunResult): Figure {
    const { series, boards, moored } = result
    const period = shownPeriod(result)
    const bins = Math.ceil(period.toSec / series.binSec)
    const points = series.moored
        .slice(0, bins)
        .map((n, i): [number, number] => [Math.min(period.toSec, (i + 1) * series.binSec), n])
    return {
        id: "moored",
        heading: "Moored boards over time",
        caption:
            `The dashed line is the whole fleet. ${formatNumber(moored)} of ${pluralize(boards, "board")} are moored at the ` +
            `end.${period.note}`,
        heightPx: FIGURE_HEIGHT_PX,
        draw: drawChart(period, COUNT_AXIS, [
            {
                ...LINE_STYLE,
                name: "moored",
                data: [[0, 0], ...points],
                lineStyle: { width: 2, color: COLOUR.green },
                itemStyle: { color: COLOUR.green },
                areaStyle: { color: COLOUR.green, opacity: 0.15 },
            },
            levelLine(`all ${pluralize(boards, "board")}`, boards, period.toSec),
        ]),
    }
}

/** Returns the rates of DPS calls. */
export function dpsFigure(result: RunResult): Figure {
    const { series, quotaPerSec, totals } = result
    const period = shownPeriod(result)
    const rate = (counts: number[]) => rates(series, counts, period.toSec)
    const quota =
        quotaPerSec === null
            ? []
            : [levelLine(`quota, ${formatRounded(quotaPerSec)}/s`, quotaPerSec, period.toSec)]
    return {
        id: "dps",
        heading: "DPS calls and 429 answers per second",
        caption:
            "The dashed line is the quota. Registrations are above it only until the token bucket, full at first, is empty. " +
            `${pluralize(totals.throttled, "call was", "calls were")} answered with 429. Values are means over ` +
            `${formatDuration(series.binSec)}.${period.note}`,
        heightPx: FIGURE_HEIGHT_PX,
        draw: drawChart(period, RATE_AXIS, [
            rateLine("accepted registrations", COLOUR.blue, rate(series.registered), true),
            rateLine("lookups", COLOUR.violet, rate(series.lookups)),
            rateLine("429", COLOUR.red, rate(series.throttled), true),
            ...quota,
        ]),
    }
}

/** Returns the rates of hub connections. */
export function hubRateFigure(result: RunResult): Figure {
    const { series, totals } = result
    const period = shownPeriod(result)
    const rate = (counts: number[]) => rates(series, counts, period.toSec)
    return {
        id: "hub-rate",
        heading: "Hub connections per second",
        caption:
            "A high, narrow peak means that many boards connect at the same time. " +
            `${pluralize(totals.hubConnects, "connection was", "connections were")} accepted, ` +
            `${formatNumber(totals.hubRefusals)} refused. Values are means over ${formatDuration(series.binSec)}.${period.note}`,
        heightPx: FIGURE_HEIGHT_PX,
        draw: drawChart(period, RATE_AXIS, [
            rateLine("accepted", COLOUR.green, rate(series.hubConnects), true),
            rateLine("refused", COLOUR.red, rate(series.hubRefusals), true),
        ]),
    }
}
