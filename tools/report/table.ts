import { type Markup, markup } from "./markup.js"

/** A table that scrolls by itself when it is wider than the page; `long` ones also when they are long. */
export function tableMarkup(
    label: string,
    heads: string[],
    rows: Markup[],
    size: "long" | "short" = "long"
): Markup {
    return markup`<div class="scroll ${size}" role="region" aria-label="${label}" tabindex="0"><table>
<thead><tr>${heads.map(head => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table></div>
`
}
