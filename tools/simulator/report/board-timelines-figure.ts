// The figure of the board timelines: a bar for each state, and marks for what happened.
import type { CustomSeriesOption, ScatterSeriesOption } from "echarts"
import { AXIS, COLOUR, type Drawing, type Figure, GRID, LEGEND, timeAxis } from "@moorage/report/html"
import type { RunResult } from "../trace/run-result.js"
import {
    type BoardTimeline,
    type BoardTimelines,
    boardTimelines,
    type MarkKind,
    groupedMarks,
    joinedSpans,
    type BoardState,
} from "./board-timelines.js"
import { pluralize, formatDuration } from "@moorage/report"

const TIMELINE_PX = 30
const BAR_PX = 12
const MARK_PX = 9
const MARGIN_PX = 120
/** Narrower bars are invisible. */
const BAR_MIN_PX = 1.5
/** Bars that are closer look like one. */
const GAP_PX = 4

const STATES: { state: BoardState; name: string; colour: string }[] = [
    { state: "moored", name: "moored", colour: COLOUR.green },
    { state: "hub", name: "connecting to a hub", colour: COLOUR.blue },
    { state: "dps", name: "using DPS", colour: COLOUR.violet },
    { state: "off", name: "no power", colour: COLOUR.muted },
]

const MARKS: { kind: MarkKind; name: string; colour: string; symbol: string }[] = [
    { kind: "event", name: "event of the plan", colour: COLOUR.text, symbol: "triangle" },
    { kind: "failed", name: "failed or refused", colour: COLOUR.orange, symbol: "circle" },
    { kind: "throttled", name: "429", colour: COLOUR.violet, symbol: "rect" },
    { kind: "restart", name: "restart", colour: COLOUR.text, symbol: "diamond" },
    { kind: "violation", name: "violation", colour: COLOUR.red, symbol: "pin" },
]

interface TimelineRow {
    /** Number of the timeline, and the time or times in s. */
    value: number[]
    tooltip: string
}

const seconds = (ms: number) => ms / 1000

const spanRows = (
    timelines: BoardTimeline[],
    state: BoardState,
    name: string,
    gapMs: number
): TimelineRow[] =>
    timelines.flatMap((timeline, i) =>
        joinedSpans(timeline, state, gapMs).map(({ fromMs, toMs, service }) => ({
            value: [i, seconds(fromMs), seconds(toMs)],
            tooltip: `${timeline.board} ${name}${service ? ` (${service})` : ""}: ${formatDuration(seconds(fromMs))} to ${formatDuration(seconds(toMs))}`,
        }))
    )

const markRows = (timelines: BoardTimeline[], kind: MarkKind, nearMs: number): TimelineRow[] =>
    timelines.flatMap((timeline, i) =>
        groupedMarks(timeline, kind, nearMs).map(({ ms, text }) => ({
            value: [seconds(ms), i],
            tooltip: `${timeline.board} at ${seconds(ms)} s: ${text}`,
        }))
    )

const bars = (name: string, colour: string, rows: TimelineRow[]): CustomSeriesOption => ({
    type: "custom",
    name,
    itemStyle: { color: colour },
    encode: { x: [1, 2], y: 0 },
    clip: true,
    data: rows.map(({ value }) => value),
    renderItem: (_, api) => {
        const [x = 0, y = 0] = api.coord([api.value(1), api.value(0)])
        const [end = 0] = api.coord([api.value(2), api.value(0)])
        const shape = { x, y: y - BAR_PX / 2, width: Math.max(BAR_MIN_PX, end - x), height: BAR_PX }
        return { type: "rect", shape, style: { fill: colour } }
    },
})

const marks = (name: string, colour: string, symbol: string, rows: TimelineRow[]): ScatterSeriesOption => ({
    type: "scatter",
    name,
    symbol,
    symbolSize: symbol === "pin" ? MARK_PX * 2.4 : MARK_PX,
    itemStyle: { color: colour, opacity: 1, borderColor: COLOUR.background, borderWidth: 1 },
    data: rows.map(({ value }) => value),
})

/** Returns a timeline for each board with a violation; undefined if there is none. */
export function boardTimelinesFigure(result: RunResult): Figure | undefined {
    const shown = boardTimelines(result)
    return shown && figureOf(shown)
}

function figureOf(shown: BoardTimelines): Figure {
    const { timelines } = shown
    return {
        id: "timelines",
        heading: "Timelines of the boards with violations",
        caption: `The states of ${pluralize(timelines.length, "board")} from the first known event on. A red pin is a violation. A gap is a wait of the board.`,
        heightPx: 150 + timelines.length * TIMELINE_PX,
        isWide: true,
        draw: ({ width }) => drawing(shown, width),
    }
}

function drawing({ timelines, fromMs, toMs }: BoardTimelines, width: number): Drawing {
    const pxMs = (toMs - fromMs) / (width - MARGIN_PX)
    const states = STATES.map(each => ({
        ...each,
        rows: spanRows(timelines, each.state, each.name, GAP_PX * pxMs),
    }))
    const kinds = MARKS.map(each => ({ ...each, rows: markRows(timelines, each.kind, MARK_PX * pxMs) }))
    const rows = [...states, ...kinds].map(each => each.rows)
    return {
        option: {
            grid: { ...GRID, top: width < 500 ? 108 : 40 },
            legend: LEGEND,
            xAxis: timeAxis({
                fromSec: seconds(fromMs),
                toSec: seconds(toMs),
                widthPx: width - MARGIN_PX,
                name: "virtual time",
            }),
            yAxis: {
                ...AXIS,
                type: "category",
                inverse: true,
                data: timelines.map(({ board }) => board),
                splitLine: { show: true, lineStyle: { color: COLOUR.border } },
                axisLabel: { color: COLOUR.text, interval: 0 },
            },
            series: [
                ...states.map(each => bars(each.name, each.colour, each.rows)),
                ...kinds.map(each => marks(each.name, each.colour, each.symbol, each.rows)),
            ],
        },
        tooltip: (series, i) => rows[series]?.[i]?.tooltip,
    }
}
