// Tiles of a page.
import { markup } from "./markup.js"

/** Returns a tile for each pair of label and value. */
export const tilesMarkup = (values: [string, string][]) =>
    markup`<dl class="tiles">${values.map(([label, value]) => markup`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
`
