// A chart of echarts as SVG inside a page: drawn here and now, so that the page needs no script.
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts"
import { GridComponent, LegendComponent, MarkLineComponent } from "echarts/components"
import { init, use } from "echarts/core"
import type { EChartsOption } from "echarts"
import { SVGRenderer } from "echarts/renderers"
import { TEXT } from "./theme.js"
import { Markup, markup } from "./markup.js"

use([BarChart, CustomChart, LineChart, ScatterChart])
use([GridComponent, LegendComponent, MarkLineComponent, SVGRenderer])

export interface Drawing {
    option: EChartsOption
    /** What the pointer is told over the mark `data` of the series `series`. */
    titleOf?: (series: number, data: number) => string | undefined
}

export interface Size {
    width: number
    height: number
}

const MARK = /(<path [^>]*ecmeta_series_index="(\d+)" ecmeta_data_index="(\d+)"[^>]*)><\/path>/g

function render({ option }: Drawing, { width, height }: Size): string {
    const chart = init(null, null, { renderer: "svg", ssr: true, width, height })
    chart.setOption({ animation: false, textStyle: TEXT, ...option })
    const svg = chart.renderToSVGString()
    chart.dispose()
    return svg
}

/**
 * The drawing as an `<svg>` element that is as wide as there is room.
 * echarts numbers its ids and classes through the process: the ids get `id` instead, so that they are the same
 * each time and unique on the page. What the page says once for all drawings is left out: fonts, and classes, whose
 * styles only a script has use for.
 * @param label what the drawing shows, for those who cannot see it
 */
export function svgMarkup(drawing: Drawing, size: Size, id: string, label: string): Markup {
    const svg = render(drawing, size)
        .replace(/<style ?>[\s\S]*?<\/style>/g, "")
        .replace(/ (class|pointer-events|style)="[^"]*"/g, "")
        .replace(/(id="|url\(#)zr\d+-/g, `$1${id}-`)
        .replace(/<path [^>]*ecmeta_ssr_type="legend"[^>]*fill="none"[^>]*><\/path>\n?/g, "")
        .replace(MARK, (whole, start: string, series: string, data: string) => {
            const title = drawing.titleOf?.(Number(series), Number(data))
            return title === undefined ? whole : `${start}>${markup`<title>${title}</title>`.html}</path>`
        })
        .replace(/ ecmeta_\w+="[^"]*"/g, "")
        .replace(/^<svg [^>]*>/, "")
    const { width, height } = size
    return new Markup(
        markup`<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">`
            .html + svg
    )
}
