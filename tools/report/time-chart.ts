// What charts over time have alike, whatever they show.
import type { GridComponentOption, LineSeriesOption, YAXisComponentOption } from "echarts"
import { timeAxis } from "./axes.js"
import type { Figure } from "./figure.js"
import { GRID, LEGEND } from "./theme.js"

export const FIGURE_HEIGHT_PX = 300
/** Beside the axis and its labels, about. */
const MARGIN_PX = 70

export const LINE_STYLE = { type: "line", symbol: "none", silent: true } as const

export interface TimeChart {
    toSec: number
    /** What time is counted from. */
    timeName: string
    yAxis: YAXisComponentOption
    series: LineSeriesOption[]
    /** The usual one unless given. */
    grid?: (width: number) => GridComponentOption
}

/** Time below, a legend above. */
export function timeChart({ toSec, timeName, yAxis, series, grid = () => GRID }: TimeChart): Figure["draw"] {
    return ({ width }) => ({
        option: {
            grid: grid(width),
            legend: LEGEND,
            xAxis: timeAxis(0, toSec, width - MARGIN_PX, timeName),
            yAxis,
            series,
        },
    })
}
