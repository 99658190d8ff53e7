// Plots in a terminal.
import { formatNumber, sparkline } from "./format.js"

const ROWS = 6

/**
 * Returns the lines of a plot: a column of blocks for each number, a scale to the left, and a label below each end.
 * @param numbers one number per column
 */
export function plotColumns(numbers: number[], [left, right]: [string, string]): string[] {
    const top = Math.max(1, ...numbers)
    const step = top / ROWS
    const scale = formatNumber(top)
    const rows = Array.from({ length: ROWS }, (_, i) => {
        const base = top - (i + 1) * step
        const part = numbers.map(n => Math.max(0, Math.min(step, n - base)))
        const label = i === 0 ? scale : i === ROWS - 1 ? "0" : ""
        return `  ${label.padStart(scale.length)} │${sparkline(part, step)}`
    })
    const gapChars = Math.max(1, numbers.length - left.length - right.length)
    return [...rows, `${" ".repeat(scale.length + 4)}${left}${" ".repeat(gapChars)}${right}`]
}
