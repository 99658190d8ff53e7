// Pieces of text that the monitor's views share.
import { thousands } from "../words.js"

const BARS = " ▁▂▃▄▅▆▇█"

/** A bar for each number, the greatest of all `top` high; what is not nothing is seen. */
export function sparkline(numbers: number[], top: number): string {
    const level = (n: number) => (n === 0 ? 0 : Math.max(1, Math.round((n / top) * (BARS.length - 1))))
    return numbers.map(n => BARS[level(n)]).join("")
}

/** Columns that line up: the first to the left, numbers to the right. */
export function columns(rows: (string | number)[][]): string[] {
    const cells = rows.map(row => row.map(cell => (typeof cell === "number" ? thousands(cell) : cell)))
    const widths = cells[0].map((_, i) => Math.max(...cells.map(row => row[i].length)))
    const line = (row: string[]) =>
        row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ")
    return cells.map(row => `  ${line(row)}`.trimEnd())
}

export const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** `2026-11-24 12:30:05 UTC`. */
export const utcText = (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
