// Numbers of a report, one tile each.
import { markup } from "./markup.js"

export const tilesMarkup = (each: [string, string][]) =>
    markup`<dl class="tiles">${each.map(([what, n]) => markup`<div><dt>${what}</dt><dd>${n}</dd></div>`)}</dl>
`
