// Axes of charts: time, counts and rates.
import type { XAXisComponentOption, YAXisComponentOption } from "echarts"
import { AXIS } from "./theme.js"
import { formatNumber, formatDuration, formatRounded } from "./format.js"

const MIN = 60
const HOUR = 3600
const DAY = 86_400
const STEPS_SEC = [
    ...[1, 2, 5, 10, 20, 30, MIN, 2 * MIN, 5 * MIN, 10 * MIN, 20 * MIN, 30 * MIN],
    ...[HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY, 20 * DAY, 50 * DAY],
]
const TICK_PX = 64

/** Returns the smallest round step that divides `spanSec` into at most `parts` parts. */
export function roundStepSec(spanSec: number, parts: number): number {
    return STEPS_SEC.find(step => spanSec / step <= parts) ?? (STEPS_SEC.at(-1) as number)
}

export interface TimeAxis {
    fromSec: number
    toSec: number
    widthPx: number
    /** What time is counted from. */
    name: string
}

/** Returns a time axis in s with round steps. */
export function timeAxis({ fromSec, toSec, widthPx, name }: TimeAxis): XAXisComponentOption {
    const stepSec = roundStepSec(toSec - fromSec, Math.max(2, Math.floor(widthPx / TICK_PX)))
    const label = (sec: number) => (sec === 0 ? "0" : formatDuration(sec))
    return {
        ...AXIS,
        type: "value",
        min: Math.floor(fromSec / stepSec) * stepSec,
        max: toSec,
        interval: stepSec,
        axisLabel: { ...AXIS.axisLabel, formatter: label, showMaxLabel: toSec % stepSec === 0 },
        splitLine: { show: false },
        ...axisName(name),
    }
}

/** Returns the options of a name below the middle of the axis. */
export const axisName = (name: string) => ({ name, nameLocation: "middle", nameGap: 28 }) as const

/** An axis of counts from 0. */
export const COUNT_AXIS: YAXisComponentOption = {
    ...AXIS,
    type: "value",
    minInterval: 1,
    axisLabel: { ...AXIS.axisLabel, formatter: formatNumber },
}

/** An axis of rates per second from 0. */
export const RATE_AXIS: YAXisComponentOption = {
    ...AXIS,
    type: "value",
    axisLabel: { ...AXIS.axisLabel, formatter: formatRounded },
}
