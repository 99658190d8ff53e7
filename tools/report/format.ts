// Numbers, times and columns as text.

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })
const precise = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 })

/** Returns `1,234`. */
export const formatNumber = (n: number) => grouped.format(n)

/** Returns `1,234 boards` or `1 board`. */
export const pluralize = (n: number, one: string, many = `${one}s`) =>
    `${formatNumber(n)} ${n === 1 ? one : many}`

/** Returns `16.7`: three significant digits. */
export const formatRounded = (n: number) => precise.format(n)

const UNITS = [
    { name: "d", sec: 86_400 },
    { name: "h", sec: 3600 },
    { name: "min", sec: 60 },
    { name: "s", sec: 1 },
]

/** Returns the two largest units without zeros: `6 min 12 s`, `2 h 5 min`, `3 d`; `3.4 s` under 10 s. */
export function formatDuration(sec: number): string {
    if (sec < 10) return `${formatRounded(sec)} s`
    const whole = Math.round(sec)
    const first = UNITS.findIndex(unit => whole >= unit.sec)
    const [large, small] = UNITS.slice(first)
    if (!large || !small) return `${whole} s`
    const rest = Math.floor((whole % large.sec) / small.sec)
    const largest = `${Math.floor(whole / large.sec)} ${large.name}`
    return rest > 0 ? `${largest} ${rest} ${small.name}` : largest
}

/** Returns the two largest units with zeros, for a time that is shown while it grows: `6 min 0 s`; `12.3 s` under a minute. */
export function formatElapsed(sec: number): string {
    if (sec < 60) return `${Math.round(sec * 10) / 10} s`
    const whole = Math.round(sec)
    if (sec < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
    if (sec < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
    return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}

/** Returns `65 %`: `part` of `whole`, 0 when the whole is 0. */
export const formatPercent = (part: number, whole: number) =>
    `${formatRounded(whole > 0 ? (part / whole) * 100 : 0)} %`

/** Returns `12.5 %` for 0.125. */
export const formatFraction = (fraction: number) => `${(fraction * 100).toFixed(1)} %`

/** Returns `2026-11-24 12:30:05 UTC` for an ISO timestamp. */
export const formatUtc = (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`

const BARS = " ▁▂▃▄▅▆▇█"

/** Returns a bar for each number, scaled to `top`; every number greater than 0 is visible. */
export function sparkline(numbers: number[], top: number): string {
    const level = (n: number) => (n === 0 ? 0 : Math.max(1, Math.round((n / top) * (BARS.length - 1))))
    return numbers.map(n => BARS[level(n)]).join("")
}

/** Returns rows with aligned columns: the first column to the left, the others to the right. */
export function alignColumns(rows: (string | number)[][]): string[] {
    const cells = rows.map(row => row.map(cell => (typeof cell === "number" ? formatNumber(cell) : cell)))
    const widths = cells[0].map((_, i) => Math.max(...cells.map(row => row[i].length)))
    const line = (row: string[]) =>
        row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ")
    return cells.map(row => `  ${line(row)}`.trimEnd())
}
