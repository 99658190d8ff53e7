// The lanes drawn: a bar for each state, a mark for what struck the board.
import type { CustomSeriesOption, ScatterSeriesOption } from "echarts"
import { AXIS, COLOUR, GRID, LEGEND } from "@moorage/report/html"
import type { RunResult } from "../trace/run-result.js"
import { timeAxis } from "@moorage/report/html"
import type { Figure } from "@moorage/report/html"
import {
    type BoardTimeline,
    type BoardTimelines,
    boardTimelines,
    type MarkKind,
    groupedMarks,
    joinedSpans,
    type BoardState,
} from "./board-timelines.js"
import type { Drawing } from "@moorage/report/html"
import { pluralize, formatDuration } from "@moorage/report"

const LANE_PX = 30
const BAR_PX = 12
const MARK_PX = 9
const MARGIN_PX = 120
/** Narrower bars cannot be seen. */
const LEAST_PX = 1.5
/** Bars this close look like one. */
const GAP_PX = 4

const STATES: { state: BoardState; name: string; colour: string }[] = [
    { state: "moored", name: "moored", colour: COLOUR.green },
    { state: "hub", name: "connecting to a hub", colour: COLOUR.blue },
    { state: "dps", name: "at DPS", colour: COLOUR.violet },
    { state: "off", name: "no power", colour: COLOUR.quiet },
]

const MARKS: { kind: MarkKind; name: string; colour: string; symbol: string }[] = [
    { kind: "event", name: "event of the plan", colour: COLOUR.ink, symbol: "triangle" },
    { kind: "failed", name: "failed or refused", colour: COLOUR.orange, symbol: "circle" },
    { kind: "throttled", name: "429", colour: COLOUR.violet, symbol: "rect" },
    { kind: "restart", name: "restart", colour: COLOUR.ink, symbol: "diamond" },
    { kind: "violation", name: "violation", colour: COLOUR.red, symbol: "pin" },
]

interface TimelineRow {
    /** Lane, and the time or times in s. */
    value: number[]
    title: string
}

const seconds = (ms: number) => ms / 1000

const spanRows = (lanes: BoardTimeline[], state: BoardState, name: string, gapMs: number): TimelineRow[] =>
    lanes.flatMap((lane, i) =>
        joinedSpans(lane, state, gapMs).map(({ fromMs, toMs, service }) => ({
            value: [i, seconds(fromMs), seconds(toMs)],
            title: `${lane.board} ${name}${service ? ` (${service})` : ""}: ${formatDuration(seconds(fromMs))} to ${formatDuration(seconds(toMs))}`,
        }))
    )

const markRows = (lanes: BoardTimeline[], kind: MarkKind, nearMs: number): TimelineRow[] =>
    lanes.flatMap((lane, i) =>
        groupedMarks(lane, kind, nearMs).map(({ ms, text }) => ({
            value: [seconds(ms), i],
            title: `${lane.board} at ${seconds(ms)} s: ${text}`,
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
        const shape = { x, y: y - BAR_PX / 2, width: Math.max(LEAST_PX, end - x), height: BAR_PX }
        return { type: "rect", shape, style: { fill: colour } }
    },
})

const marks = (name: string, colour: string, symbol: string, rows: TimelineRow[]): ScatterSeriesOption => ({
    type: "scatter",
    name,
    symbol,
    symbolSize: symbol === "pin" ? MARK_PX * 2.4 : MARK_PX,
    itemStyle: { color: colour, opacity: 1, borderColor: COLOUR.paper, borderWidth: 1 },
    data: rows.map(({ value }) => value),
})

/** A lane for each board with a violation; undefined when there is none. */
export function boardTimelinesFigure(result: RunResult): Figure | undefined {
    const found = boardTimelines(result)
    return found && drawn(found)
}

function drawn(found: BoardTimelines): Figure {
    const { lanes } = found
    return {
        id: "lanes",
        heading: "A lane for each board that broke a rule",
        caption: `What each board was at before its violation (the red pin): ${pluralize(lanes.length, "board")}, from what is known of them on; where a lane is empty the board waits.`,
        heightPx: 150 + lanes.length * LANE_PX,
        isWide: true,
        draw: ({ width }) => drawing(found, width),
    }
}

function drawing({ lanes, fromMs, toMs }: BoardTimelines, width: number): Drawing {
    const pxMs = (toMs - fromMs) / (width - MARGIN_PX)
    const states = STATES.map(each => ({
        ...each,
        rows: spanRows(lanes, each.state, each.name, GAP_PX * pxMs),
    }))
    const kinds = MARKS.map(each => ({ ...each, rows: markRows(lanes, each.kind, MARK_PX * pxMs) }))
    const rows = [...states, ...kinds].map(each => each.rows)
    return {
        option: {
            grid: { ...GRID, top: width < 500 ? 108 : 40 },
            legend: LEGEND,
            xAxis: timeAxis(seconds(fromMs), seconds(toMs), width - MARGIN_PX, "virtual time"),
            yAxis: {
                ...AXIS,
                type: "category",
                inverse: true,
                data: lanes.map(({ board }) => board),
                splitLine: { show: true, lineStyle: { color: COLOUR.line } },
                axisLabel: { color: COLOUR.ink, interval: 0 },
            },
            series: [
                ...states.map(each => bars(each.name, each.colour, each.rows)),
                ...kinds.map(each => marks(each.name, each.colour, each.symbol, each.rows)),
            ],
        },
        titleOf: (series, i) => rows[series]?.[i]?.title,
    }
}
