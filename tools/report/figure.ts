// A chart on the page: a heading, a sentence that says what to look at, and the drawing, for wide and for narrow.
import { type Markup, markup } from "./markup.js"
import { type Drawing, type Size, svgMarkup } from "./chart-svg.js"

export interface Figure {
    /** Unique on the page. */
    id: string
    heading: string
    /** What to look at, and what is there. */
    caption: string
    draw: (size: Size) => Drawing
    heightPx: number
    /** Across the page, not half of it. */
    isWide?: boolean
}

/** As large as it will be shown, about: text in a drawing grows and shrinks with it. */
const WIDTH_PX = 560
const FULL_WIDTH_PX = 1100
/** For a telephone. */
const NARROW_WIDTH_PX = 340

export function figureMarkup({ id, heading, caption: look, draw, heightPx, isWide }: Figure): Markup {
    const drawn = (name: string, width: number) => {
        const size = { width, height: heightPx }
        return svgMarkup(draw(size), size, `${id}-${name}`, `${heading}. ${look}`)
    }
    return markup`<figure id="${id}" class="${isWide ? "across" : "half"}">
<figcaption><h3>${heading}</h3><p>${look}</p></figcaption>
<div class="wide">${drawn("wide", isWide ? FULL_WIDTH_PX : WIDTH_PX)}</div>
<div class="narrow">${drawn("narrow", NARROW_WIDTH_PX)}</div>
</figure>
`
}
