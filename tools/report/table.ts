// Tables of a page.
import { type Markup, markup } from "./markup.js"

export interface Table {
    /** Describes the table for screen readers. */
    label: string
    heads: string[]
    rows: Markup[]
    /** A `long` table also scrolls vertically (default: long). */
    size?: "long" | "short"
}

/** Returns a table that scrolls if it is wider than the page. */
export function tableMarkup({ label, heads, rows, size = "long" }: Table): Markup {
    return markup`<div class="scroll ${size}" role="region" aria-label="${label}" tabindex="0"><table>
<thead><tr>${heads.map(head => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table></div>
`
}
