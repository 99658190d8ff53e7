// How the page and its charts look: one palette for light and dark, one font, one way to draw axes.
// Colours are CSS variables, so that a drawing follows the reader's scheme without a script.
import type { LegendComponentOption } from "echarts"

const LIGHT = {
    paper: "#ffffff",
    panel: "#f6f8fa",
    ink: "#1b1f24",
    quiet: "#57606a",
    line: "#d5dbe1",
    blue: "#0b63c5",
    orange: "#b8500d",
    green: "#1a7f37",
    violet: "#7a3fc2",
    red: "#c4232b",
}

type Colour = keyof typeof LIGHT

const DARK: Record<Colour, string> = {
    paper: "#0d1117",
    panel: "#161b22",
    ink: "#e6edf3",
    quiet: "#9aa4af",
    line: "#30363d",
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

/** The style sheet that gives the colours their values. */
export const THEME_CSS =
    `:root{color-scheme:light dark;${variables(LIGHT)}}\n` +
    `@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}\n`

/** `var(--name)` of each colour. */
export const COLOUR = Object.fromEntries(Object.keys(LIGHT).map(name => [name, `var(--${name})`])) as Record<
    Colour,
    string
>

export const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"

export const TEXT = { fontFamily: FONT, fontSize: 12, color: COLOUR.ink }

/** Options that every axis shares. */
export const AXIS = {
    axisLine: { lineStyle: { color: COLOUR.quiet } },
    axisTick: { lineStyle: { color: COLOUR.quiet } },
    axisLabel: { color: COLOUR.quiet, hideOverlap: true },
    splitLine: { lineStyle: { color: COLOUR.line } },
    nameTextStyle: { color: COLOUR.quiet },
}

export const LEGEND: LegendComponentOption = {
    top: 0,
    left: 0,
    selectedMode: false,
    itemWidth: 18,
    itemHeight: 10,
    // echarts guesses how wide a text is, and too little.
    itemGap: 26,
    textStyle: { color: COLOUR.ink },
}

/** Room for a legend above; the labels and names of the axes are inside. */
export const GRID = { top: 36, right: 16, bottom: 4, left: 8, outerBoundsMode: "same" } as const
