// Charts of echarts as SVG elements. They are drawn when the page is made, so that the page needs no script.
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts"
import { GridComponent, LegendComponent, MarkLineComponent } from "echarts/components"
import { init, use } from "echarts/core"
import type { EChartsOption } from "echarts"
import { SVGRenderer } from "echarts/renderers"
import { TEXT_STYLE } from "./theme.js"
import { Markup, markup } from "./markup.js"

use([BarChart, CustomChart, LineChart, ScatterChart])
use([GridComponent, LegendComponent, MarkLineComponent, SVGRenderer])

/** A chart with its options for echarts. */
export interface Drawing {
    option: EChartsOption
    /** Returns the tooltip of the mark `data` of the series `series`. */
    tooltip?: (series: number, data: number) => string | undefined
}

/** Width and height of a drawing in px. */
export interface Size {
    width: number
    height: number
}

const MARK = /(<path [^>]*ecmeta_series_index="(\d+)" ecmeta_data_index="(\d+)"[^>]*)><\/path>/g

function render({ option }: Drawing, { width, height }: Size): string {
    const chart = init(null, null, { renderer: "svg", ssr: true, width, height })
    chart.setOption({ animation: false, textStyle: TEXT_STYLE, ...option })
    const svg = chart.renderToSVGString()
    chart.dispose()
    return svg
}

export interface SvgAttributes {
    /** Unique on the page. */
    id: string
    /** Describes the drawing for screen readers. */
    label: string
}

/**
 * Returns the drawing as an `<svg>` element that fills the width of its container.
 * echarts numbers its element IDs per process. The element gets `id` as their prefix, so that they are reproducible and
 * unique on the page. Fonts are removed, because the page sets them. Classes are removed, because only a script needs
 * them.
 */
export function svgMarkup(drawing: Drawing, size: Size, { id, label }: SvgAttributes): Markup {
    const svg = render(drawing, size)
        .replace(/<style ?>[\s\S]*?<\/style>/g, "")
        .replace(/ (class|pointer-events|style)="[^"]*"/g, "")
        .replace(/(id="|url\(#)zr\d+-/g, `$1${id}-`)
        .replace(/<path [^>]*ecmeta_ssr_type="legend"[^>]*fill="none"[^>]*><\/path>\n?/g, "")
        .replace(MARK, (whole, start: string, series: string, data: string) => {
            const title = drawing.tooltip?.(Number(series), Number(data))
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
