// Figures of how the boards differ: how long each took to moor, at which hub it is, how often it had to try.
import type { BarSeriesOption } from "echarts"
import { AXIS, COLOUR, GRID } from "@moorage/report/html"
import type { RunResult } from "../trace/run-result.js"
import { COUNT_AXIS, axisName, roundStepSec, timeAxis } from "@moorage/report/html"
import type { Figure } from "@moorage/report/html"
import { formatNumber, pluralize, formatDuration, formatPercent } from "@moorage/report"

const HEIGHT_PX = 300
const MARGIN_PX = 70
const BARS_MAX = 40
/** Few bars, so that there is room for the names. */
const BAR_PX = 48
/** A letter in a label, at the widest. */
const LETTER_PX = 7.5
const MARKS_GRID = { ...GRID, top: 48 }

/** The value that the share `part` of the sorted `values` does not exceed. */
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
    lineStyle: { color: COLOUR.ink, type: "dashed" },
    data: MARKS.map(({ part, name }, i) => ({
        name,
        xAxis: quantile(times, part),
        // One above the other: they may stand close.
        label: { color: COLOUR.ink, formatter: name, distance: 2 + i * 13 },
    })),
})

export function mooringTimeFigure({ mooredAfterSec: times, boards }: RunResult): Figure {
    const lastSec = times.at(-1) ?? 0
    const stepSec = roundStepSec(Math.max(1, lastSec), BARS_MAX)
    const bars = new Array<number>(Math.max(2, Math.floor(lastSec / stepSec) + 1)).fill(0)
    for (const sec of times) bars[Math.floor(sec / stepSec)]++
    const look =
        times.length === 0
            ? "No board was moored."
            : `The tail matters: half of the boards were moored within ${formatDuration(quantile(times, 0.5))} of their first ` +
              `power-on, 95 % within ${formatDuration(quantile(times, 0.95))}, the last after ${formatDuration(lastSec)}.` +
              (times.length < boards
                  ? ` ${pluralize(boards - times.length, "board")} never came so far.`
                  : "")
    return {
        id: "mooring-time",
        heading: "Time to moored",
        caption: look,
        heightPx: HEIGHT_PX,
        draw: ({ width }) => ({
            option: {
                grid: MARKS_GRID,
                xAxis: timeAxis(
                    0,
                    bars.length * stepSec,
                    width - MARGIN_PX,
                    "from first power-on to first moored"
                ),
                yAxis: COUNT_AXIS,
                series: {
                    type: "bar",
                    data: bars.map((n, i) => [(i + 0.5) * stepSec, n]),
                    barWidth: "92%",
                    itemStyle: { color: COLOUR.green },
                    markLine: times.length > 0 ? markLines(times) : undefined,
                },
            },
            titleOf: (_, i) =>
                `${pluralize(bars[i] as number, "board")}: ${formatDuration(i * stepSec)} to ${formatDuration((i + 1) * stepSec)}`,
        }),
    }
}

export function hubsFigure({ hubs, boards, moored }: RunResult): Figure {
    const adrift = boards - moored
    const rows = [
        ...Object.entries(hubs).map(([name, n]) => ({ name, n, colour: COLOUR.blue })),
        ...(adrift > 0 ? [{ name: "not moored", n: adrift, colour: COLOUR.red }] : []),
    ]
    const shareOf = (i: number) =>
        `${formatNumber(rows[i]?.n ?? 0)} (${formatPercent(rows[i]?.n ?? 0, boards)})`
    const shortName = ({ name }: { name: string }) => name.split(".")[0] ?? name
    const namePx = Math.max(...rows.map(row => shortName(row).length)) * LETTER_PX + 12
    return {
        id: "hubs",
        heading: "Hub shares",
        caption: `Whether the hubs carry what the allocation policy meant them to: where ${pluralize(boards, "board is", "boards are")} at the end.`,
        heightPx: Math.max(HEIGHT_PX / 2, rows.length * BAR_PX),
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
                    axisLabel: { color: COLOUR.ink, interval: 0, width: width / 3, overflow: "truncate" },
                },
                series: {
                    type: "bar",
                    data: rows.map(({ n, colour }) => ({ value: n, itemStyle: { color: colour } })),
                    barMaxWidth: 28,
                    label: {
                        show: true,
                        position: "right",
                        color: COLOUR.ink,
                        formatter: ({ dataIndex }: { dataIndex: number }) => shareOf(dataIndex),
                    },
                },
            },
            titleOf: (_, i) => rows[i] && `${rows[i].name}: ${shareOf(i)}`,
        }),
    }
}

interface Bar {
    name: string
    boards: number
}

/** A bar for each number of failed connections, or for so many numbers that there are not too many bars. */
function retryBars(retries: number[]): Bar[] {
    const wide = Math.ceil(retries.length / BARS_MAX)
    return Array.from({ length: Math.ceil(retries.length / wide) }, (_, i) => {
        const from = i * wide
        const of = retries.slice(from, from + wide)
        return {
            name: of.length === 1 ? String(from) : `${from}-${from + of.length - 1}`,
            boards: of.reduce((sum, n) => sum + n, 0),
        }
    })
}

export function retriesFigure({ retries, totals }: RunResult): Figure {
    const bars = retryBars(retries)
    return {
        id: "retries",
        heading: "Retries per board",
        caption:
            `Boards far to the right tried in vain for long: ${pluralize(totals.failedDials, "connection")} of ` +
            `${formatNumber(totals.dials)} failed, at most ${formatNumber(retries.length - 1)} of one board.`,
        heightPx: HEIGHT_PX,
        draw: () => ({
            option: {
                grid: { ...GRID, top: 12 },
                xAxis: {
                    ...AXIS,
                    type: "category",
                    data: bars.map(({ name }) => name),
                    ...axisName("connections that failed, of one board"),
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
            titleOf: (_, i) =>
                bars[i] && `${pluralize(bars[i].boards, "board")} with ${bars[i].name} failed connections`,
        }),
    }
}
