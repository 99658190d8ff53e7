// Line charts as SVG, drawn by echarts without a browser.
import { LineChart } from "echarts/charts"
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components"
import { init, use } from "echarts/core"
import { SVGRenderer } from "echarts/renderers"

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

export interface ChartLine {
    name: string
    /** x and y; on a logarithmic panel y is more than 0. */
    points: [number, number][]
    widthPx?: number
}

/** One pair of axes. Lines of the same name have the same colour in all panels. */
export interface Panel {
    title: string
    xName: string
    yName: string
    log?: boolean
    xMax?: number
    yMin?: number
    lines: ChartLine[]
}

export interface LineChartOptions {
    title: string
    panels: Panel[]
    /** Panels beside each other; unless given one. */
    columns?: number
    width: number
    height: number
}

/** Okabe and Ito's colours: told apart by the colour-blind too. */
const COLOURS = ["#d55e00", "#e69f00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#000000"]
/** Room for the title and the legend, and around each panel, in px. */
const HEAD = 80
const LEFT = 100
const GAP = { right: 30, top: 30, bottom: 50 }

/** The chart as an SVG document; the same for the same options. */
export function lineChartSvg({ title, panels, columns = 1, width, height }: LineChartOptions): string {
    const names = [...new Set(panels.flatMap(panel => panel.lines.map(line => line.name)))]
    const colourOf = (name: string) => COLOURS[names.indexOf(name) % COLOURS.length]
    const cell = { width: width / columns, height: (height - HEAD) / Math.ceil(panels.length / columns) }
    const place = (i: number) => ({
        left: (i % columns) * cell.width + LEFT,
        top: HEAD + Math.floor(i / columns) * cell.height + GAP.top,
    })
    const chart = init(null, null, { renderer: "svg", ssr: true, width, height })
    chart.setOption({
        animation: false,
        backgroundColor: "#ffffff",
        title: [
            { text: title, left: "center" },
            ...panels.map((panel, i) => ({
                text: panel.title,
                left: place(i).left,
                top: place(i).top - 26,
                textStyle: { fontSize: 13 },
            })),
        ],
        legend: { data: names, top: 30, itemGap: 40, icon: "roundRect" },
        grid: panels.map((_, i) => ({
            ...place(i),
            width: cell.width - LEFT - GAP.right,
            height: cell.height - GAP.top - GAP.bottom,
        })),
        xAxis: panels.map((panel, i) => ({
            gridIndex: i,
            type: "value",
            name: panel.xName,
            nameLocation: "middle",
            nameGap: 26,
            min: 0,
            max: panel.xMax,
        })),
        yAxis: panels.map((panel, i) => ({
            gridIndex: i,
            type: panel.log ? "log" : "value",
            name: panel.yName,
            nameLocation: "middle",
            nameGap: 64,
            min: panel.yMin,
        })),
        series: panels.flatMap((panel, i) =>
            panel.lines.map(line => ({
                type: "line",
                name: line.name,
                xAxisIndex: i,
                yAxisIndex: i,
                data: line.points,
                showSymbol: false,
                color: colourOf(line.name),
                lineStyle: { width: line.widthPx ?? 2 },
            }))
        ),
    })
    const svg = chart.renderToSVGString()
    chart.dispose()
    return svg
}
