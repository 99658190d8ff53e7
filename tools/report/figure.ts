// A chart on a page: a heading, a caption, and the drawing for wide and for narrow screens.
import { type Markup, markup } from "./markup.js"
import { type Drawing, type Size, svgMarkup } from "./chart-svg.js"

export interface Figure {
    /** Unique on the page. */
    id: string
    heading: string
    /** One or two sentences that say what the chart shows. */
    caption: string
    draw: (size: Size) => Drawing
    heightPx: number
    /** Whether the figure takes the whole width of the page (default: half). */
    isWide?: boolean
}

/** Approximate width on the page. The text of a drawing scales with the drawing. */
const WIDTH_PX = 560
const FULL_WIDTH_PX = 1100
/** Width on a phone. */
const NARROW_WIDTH_PX = 340

/** Returns the figure as HTML. */
export function figureMarkup({ id, heading, caption, draw, heightPx, isWide }: Figure): Markup {
    const svg = (name: string, width: number) => {
        const size = { width, height: heightPx }
        return svgMarkup(draw(size), size, { id: `${id}-${name}`, label: `${heading}. ${caption}` })
    }
    return markup`<figure id="${id}" class="${isWide ? "across" : "half"}">
<figcaption><h3>${heading}</h3><p>${caption}</p></figcaption>
<div class="wide">${svg("wide", isWide ? FULL_WIDTH_PX : WIDTH_PX)}</div>
<div class="narrow">${svg("narrow", NARROW_WIDTH_PX)}</div>
</figure>
`
}
