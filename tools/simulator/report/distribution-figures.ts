// Distributions over the boards: time to moored, hub, number of failed connections.
import type { BarSeriesOption } from "echarts"
import {
    AXIS,
    axisName,
    COLOUR,
    COUNT_AXIS,
    type Figure,
    FIGURE_HEIGHT_PX,
    GRID,
    roundStepSec,
    timeAxis,
} from "@moorage/report/html"
import type { RunResult } from "../trace/run-result.js"
import { formatNumber, pluralize, formatDuration, formatPercent } from "@moorage/report"

const MARGIN_PX = 70
const BARS_MAX = 40
/** Height of a bar with its name. */
const BAR_PX = 48
/** Maximum width of a letter in a label. */
const LETTER_PX = 7.5
const MARKS_GRID = { ...GRID, top: 48 }

/** Returns the smallest of the sorted `values` that the share `part` of them does not exceed. */
const quantile = (values: number[], part: number) =>
    values[Math.max(0, Math.ceil(values.length * part) - 1)] ?? 0

const MARKS = [
    { part: 0.5, name: "half" },
    { part: 0.95, name: "95 %" },
    { part: 1, name: "last" },
]

const markLines = (times: number[]): BarSeriesOption["markLine"] => ({
    symbol: "none",
    silent: true,
    lineStyle: { color: COLOUR.text, type: "dashed" },
    data: MARKS.map(({ part, name }, i) => ({
        name,
        xAxis: quantile(times, part),
        // The labels are at different heights, because the lines may be close together.
        label: { color: COLOUR.text, formatter: name, distance: 2 + i * 13 },
    })),
})

/** Returns the histogram of the time to moored. */
export function mooringTimeFigure({ mooredAfterSec: times, boards }: RunResult): Figure {
    const lastSec = times.at(-1) ?? 0
    const stepSec = roundStepSec(Math.max(1, lastSec), BARS_MAX)
    const bars = new Array<number>(Math.max(2, Math.floor(lastSec / stepSec) + 1)).fill(0)
    for (const sec of times) bars[Math.floor(sec / stepSec)]++
    const caption =
        times.length === 0
            ? "No board was moored."
            : `Half of the boards were moored within ${formatDuration(quantile(times, 0.5))} of their first ` +
              `power-on, 95 % within ${formatDuration(quantile(times, 0.95))}, the last board after ${formatDuration(lastSec)}.` +
              (times.length < boards ? ` ${pluralize(boards - times.length, "board")} never moored.` : "")
    return {
        id: "mooring-time",
        heading: "Time to moored",
        caption,
        heightPx: FIGURE_HEIGHT_PX,
        draw: ({ width }) => ({
            option: {
                grid: MARKS_GRID,
                xAxis: timeAxis({
                    fromSec: 0,
                    toSec: bars.length * stepSec,
                    widthPx: width - MARGIN_PX,
                    name: "from first power-on to first moored",
                }),
                yAxis: COUNT_AXIS,
                series: {
                    type: "bar",
                    data: bars.map((n, i) => [(i + 0.5) * stepSec, n]),
                    barWidth: "92%",
                    itemStyle: { color: COLOUR.green },
                    markLine: times.length > 0 ? markLines(times) : undefined,
                },
            },
            tooltip: (_, i) =>
                `${pluralize(bars[i] as number, "board")}: ${formatDuration(i * stepSec)} to ${formatDuration((i + 1) * stepSec)}`,
        }),
    }
}

/** Returns the boards of each hub at the end. */
export function hubsFigure({ hubs, boards, moored }: RunResult): Figure {
    const notMoored = boards - moored
    const rows = [
        ...Object.entries(hubs).map(([name, n]) => ({ name, n, colour: COLOUR.blue })),
        ...(notMoored > 0 ? [{ name: "not moored", n: notMoored, colour: COLOUR.red }] : []),
    ]
    const shareOf = (i: number) =>
        `${formatNumber(rows[i]?.n ?? 0)} (${formatPercent(rows[i]?.n ?? 0, boards)})`
    const shortName = ({ name }: { name: string }) => name.split(".")[0] ?? name
    const namePx = Math.max(...rows.map(row => shortName(row).length)) * LETTER_PX + 12
    return {
        id: "hubs",
        heading: "Boards per hub",
        caption: `Compare with the allocation policy. The chart shows the hubs of ${pluralize(boards, "board")} at the end.`,
        heightPx: Math.max(FIGURE_HEIGHT_PX / 2, rows.length * BAR_PX),
        draw: ({ width }) => ({
            option: {
                grid: {
                    top: 8,
                    bottom: 8,
                    right: 96,
                    left: Math.min(namePx, width / 3),
                    outerBoundsMode: "none",
                },
                xAxis: { type: "value", max: boards, show: false },
                yAxis: {
                    ...AXIS,
                    type: "category",
                    inverse: true,
                    axisTick: { show: false },
                    data: rows.map(shortName),
                    axisLabel: { color: COLOUR.text, interval: 0, width: width / 3, overflow: "truncate" },
                },
                series: {
                    type: "bar",
                    data: rows.map(({ n, colour }) => ({ value: n, itemStyle: { color: colour } })),
                    barMaxWidth: 28,
                    label: {
                        show: true,
                        position: "right",
                        color: COLOUR.text,
                        formatter: ({ dataIndex }: { dataIndex: number }) => shareOf(dataIndex),
                    },
                },
            },
            tooltip: (_, i) => rows[i] && `${rows[i].name}: ${shareOf(i)}`,
        }),
    }
}

interface RetryBar {
    name: string
    boards: number
}

/** Returns a bar for each number of failed connections. A bar covers several numbers if there are too many. */
function retryBars(retries: number[]): RetryBar[] {
    const numbersPerBar = Math.ceil(retries.length / BARS_MAX)
    return Array.from({ length: Math.ceil(retries.length / numbersPerBar) }, (_, i) => {
        const from = i * numbersPerBar
        const counts = retries.slice(from, from + numbersPerBar)
        return {
            name: counts.length === 1 ? String(from) : `${from}-${from + counts.length - 1}`,
            boards: counts.reduce((sum, n) => sum + n, 0),
        }
    })
}

/** Returns the histogram of failed connections. */
export function retriesFigure({ retries, totals }: RunResult): Figure {
    const bars = retryBars(retries)
    return {
        id: "retries",
        heading: "Failed connections per board",
        caption:
            `Boards far to the right failed often. ${pluralize(totals.failedDials, "connection")} of ` +
            `${formatNumber(totals.dials)} failed, at most ${formatNumber(retries.length - 1)} for one board.`,
        heightPx: FIGURE_HEIGHT_PX,
        draw: () => ({
            option: {
                grid: { ...GRID, top: 12 },
                xAxis: {
                    ...AXIS,
                    type: "category",
                    data: bars.map(({ name }) => name),
                    ...axisName("failed connections of one board"),
                },
                yAxis: COUNT_AXIS,
                series: {
                    type: "bar",
                    data: bars.map(({ boards }) => boards),
                    barMaxWidth: 48,
                    barCategoryGap: "12%",
                    itemStyle: { color: COLOUR.orange },
                },
            },
            tooltip: (_, i) =>
                bars[i] && `${pluralize(bars[i].boards, "board")} with ${bars[i].name} failed connections`,
        }),
    }
}
