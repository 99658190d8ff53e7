// Line charts as SVG.
import { expect, test } from "vitest"
import { lineChartSvg } from "../../../tools/report/line-chart.js"

test("a line chart is one SVG document with its texts", () => {
    const lines = [
        { name: "boards & more", points: [[0, 1] as [number, number], [1, 10] as [number, number]] },
    ]
    const panel = { title: "moored", xName: "hours", yName: "boards", lines }
    const svg = lineChartSvg({
        title: "a fleet",
        panels: [panel, { ...panel, isLogarithmic: true }],
        width: 400,
        height: 500,
    })
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>$/)
    for (const text of ["a fleet", "moored", "hours", "boards &amp; more"]) expect(svg).toContain(text)
})
