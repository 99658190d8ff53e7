// The theme of the pages and charts: a light and a dark palette, a font, and options for axes. Colours are CSS variables,
// so that a chart follows the reader's colour scheme without a script.
import type { LegendComponentOption } from "echarts"

const LIGHT = {
    background: "#ffffff",
    panel: "#f6f8fa",
    text: "#1b1f24",
    muted: "#57606a",
    border: "#d5dbe1",
    blue: "#0b63c5",
    orange: "#b8500d",
    green: "#1a7f37",
    violet: "#7a3fc2",
    red: "#c4232b",
}

type Colour = keyof typeof LIGHT

const DARK: Record<Colour, string> = {
    background: "#0d1117",
    panel: "#161b22",
    text: "#e6edf3",
    muted: "#9aa4af",
    border: "#30363d",
    blue: "#58a6ff",
    orange: "#f0883e",
    green: "#3fb950",
    violet: "#bc8cff",
    red: "#ff6b6b",
}

const variables = (palette: Record<Colour, string>) =>
    Object.entries(palette)
        .map(([name, value]) => `--${name}:${value}`)
        .join(";")

/** Style sheet with the values of the colours. */
export const THEME_CSS =
    `:root{color-scheme:light dark;${variables(LIGHT)}}\n` +
    `@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}\n`

/** `var(--name)` of each colour. */
export const COLOUR = Object.fromEntries(Object.keys(LIGHT).map(name => [name, `var(--${name})`])) as Record<
    Colour,
    string
>

export const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"

/** Text of a chart. */
export const TEXT_STYLE = { fontFamily: FONT, fontSize: 12, color: COLOUR.text }

/** Options of every axis. */
export const AXIS = {
    axisLine: { lineStyle: { color: COLOUR.muted } },
    axisTick: { lineStyle: { color: COLOUR.muted } },
    axisLabel: { color: COLOUR.muted, hideOverlap: true },
    splitLine: { lineStyle: { color: COLOUR.border } },
    nameTextStyle: { color: COLOUR.muted },
}

/** A legend above the chart. */
export const LEGEND: LegendComponentOption = {
    top: 0,
    left: 0,
    selectedMode: false,
    itemWidth: 18,
    itemHeight: 10,
    // echarts estimates the width of a text too low.
    itemGap: 26,
    textStyle: { color: COLOUR.text },
}

/** Margins of a chart with a legend above. The labels and names of the axes are inside the grid. */
export const GRID = { top: 36, right: 16, bottom: 4, left: 8, outerBoundsMode: "same" } as const
