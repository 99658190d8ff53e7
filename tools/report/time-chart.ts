// Charts over time.
import type { GridComponentOption, LineSeriesOption, YAXisComponentOption } from "echarts"
import { timeAxis } from "./axes.js"
import type { Figure } from "./figure.js"
import { GRID, LEGEND } from "./theme.js"

/** Usual height of a figure. */
export const FIGURE_HEIGHT_PX = 300
/** Approximate width of the vertical axis and its labels. */
const MARGIN_PX = 70

/** Options of a line without points and tooltips. */
export const LINE_STYLE = { type: "line", symbol: "none", silent: true } as const

/** Lines over time, which starts at 0. */
export interface TimeChart {
    toSec: number
    /** Name of the time axis: what time is counted from. */
    timeName: string
    yAxis: YAXisComponentOption
    series: LineSeriesOption[]
    /** Returns the margins for a width (default: GRID). */
    grid?: (width: number) => GridComponentOption
}

/** Returns a function that draws the chart: time on the horizontal axis, the legend above. */
export function timeChart({ toSec, timeName, yAxis, series, grid = () => GRID }: TimeChart): Figure["draw"] {
    return ({ width }) => ({
        option: {
            grid: grid(width),
            legend: LEGEND,
            xAxis: timeAxis({ fromSec: 0, toSec, widthPx: width - MARGIN_PX, name: timeName }),
            yAxis,
            series,
        },
    })
}
