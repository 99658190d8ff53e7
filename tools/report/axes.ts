// Axes that several charts share: virtual time, and numbers of things.
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

/** The least round step that cuts `spanSec` into no more than `parts`. */
export function roundStepSec(spanSec: number, parts: number): number {
    return STEPS_SEC.find(step => spanSec / step <= parts) ?? (STEPS_SEC.at(-1) as number)
}

/** Time from one round step to another, in s, with what it is counted from as its name. */
export function timeAxis(
    fromSec: number,
    toSec: number,
    widthPx: number,
    name: string
): XAXisComponentOption {
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

/** The name stands below the middle of the axis. */
export const axisName = (name: string) => ({ name, nameLocation: "middle", nameGap: 28 }) as const

/** Numbers of things, from 0. */
export const COUNT_AXIS: YAXisComponentOption = {
    ...AXIS,
    type: "value",
    minInterval: 1,
    axisLabel: { ...AXIS.axisLabel, formatter: formatNumber },
}

/** Things a second, from 0. */
export const RATE_AXIS: YAXisComponentOption = {
    ...AXIS,
    type: "value",
    axisLabel: { ...AXIS.axisLabel, formatter: formatRounded },
}
