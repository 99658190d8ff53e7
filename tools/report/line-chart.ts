// Line charts as SVG documents, drawn by echarts without a browser.
import { LineChart } from "echarts/charts"
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components"
import { init, use } from "echarts/core"
import { SVGRenderer } from "echarts/renderers"

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

/** One line of a panel. */
export interface ChartLine {
    name: string
    /** x and y. On a logarithmic panel y is greater than 0. */
    points: [number, number][]
    widthPx?: number
}

/** A line chart with its own axes. Lines of the same name have the same colour in all panels. */
export interface Panel {
    title: string
    xName: string
    yName: string
    isLogarithmic?: boolean
    xMax?: number
    yMin?: number
    lines: ChartLine[]
}

/** The panels of a chart, and its size in px. */
export interface LineChartOptions {
    title: string
    panels: Panel[]
    /** Number of panels in a row (default: 1). */
    columns?: number
    width: number
    height: number
}

/** Okabe and Ito's colours, which colour-blind readers can distinguish. */
const COLOURS = ["#d55e00", "#e69f00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#000000"]
/** Height of the title and the legend in px. */
const HEADER_PX = 80
/** Space to the left of a panel for its labels, in px. */
const LEFT_PX = 100
/** Space around a panel on the other sides, in px. */
const GAP = { right: 30, top: 30, bottom: 50 }

/** Returns the chart as an SVG document. The same options give the same bytes. */
export function lineChartSvg({ title, panels, columns = 1, width, height }: LineChartOptions): string {
    const names = [...new Set(panels.flatMap(panel => panel.lines.map(line => line.name)))]
    const colourOf = (name: string) => COLOURS[names.indexOf(name) % COLOURS.length]
    const cell = { width: width / columns, height: (height - HEADER_PX) / Math.ceil(panels.length / columns) }
    const place = (i: number) => ({
        left: (i % columns) * cell.width + LEFT_PX,
        top: HEADER_PX + Math.floor(i / columns) * cell.height + GAP.top,
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
            width: cell.width - LEFT_PX - GAP.right,
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
            type: panel.isLogarithmic ? "log" : "value",
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
