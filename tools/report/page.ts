// An HTML page: one file without scripts that loads nothing.
import { FONT, THEME_CSS } from "./theme.js"
import { Markup, markup } from "./markup.js"

/** Screens of at least this width show the wide drawings. */
const WIDE_PX = 640

const CSS = `${THEME_CSS}
*{box-sizing:border-box}
body{margin:0;background:var(--background);color:var(--text);font:16px/1.5 ${FONT}}
header,main{max-width:1200px;margin:0 auto;padding:0 16px}
header{padding-top:32px;padding-bottom:8px}
h1{font-size:clamp(1.35rem,1rem + 1.8vw,2rem);line-height:1.25;margin:.3em 0;text-wrap:balance}
h2{font-size:1.25rem;margin:2.2em 0 .6em;padding-bottom:.25em;border-bottom:1px solid var(--border)}
h3{font-size:1rem;margin:0}
p{margin:.4em 0;max-width:75ch}
small,.subtitle,figcaption p{color:var(--muted)}
small,figcaption p{font-size:.875rem}
code,pre{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;font-size:.875em}
code{overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;overflow:auto;max-height:24em;margin:.5em 0;padding:8px;background:var(--background);border:1px solid var(--border);border-radius:6px}
.badge{display:inline-block;margin:.3em 0;padding:.1em .7em;border:2px solid;border-radius:1em;font-weight:600;font-size:.875rem}
.good{color:var(--green)}
.bad{color:var(--red)}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(148px,1fr));gap:12px;margin:20px 0;padding:0}
.tiles div,figure{background:var(--panel);border:1px solid var(--border);border-radius:8px}
.tiles div{padding:10px 14px}
.tiles dt{color:var(--muted);font-size:.875rem}
.tiles dd{margin:0;font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums}
.figures figure{margin:0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,500px),1fr));gap:16px}
figure{margin:16px 0 0;padding:14px 16px;min-width:0}
figure.across{grid-column:1/-1}
figcaption p{margin:.2em 0 .8em}
svg text{font-size:12px}
svg{display:block;width:100%;height:auto}
.half svg{max-width:680px}
svg path:has(>title):hover{opacity:.65}
@media (min-width:${WIDE_PX}px){.narrow{display:none}}
@media (max-width:${WIDE_PX - 0.02}px){.wide{display:none}}
.scroll.long{max-height:40em}
.scroll{overflow:auto;border:1px solid var(--border);border-radius:8px}
table{border-collapse:collapse;width:100%;min-width:720px;background:var(--panel)}
th,td{text-align:left;vertical-align:top;padding:8px 12px;border-bottom:1px solid var(--border)}
th{position:sticky;top:0;background:var(--panel);font-size:.875rem;color:var(--muted)}
td:first-child code{white-space:nowrap}
td{min-width:9em}
td.number,td.command{min-width:0;font-variant-numeric:tabular-nums;white-space:nowrap}
summary{cursor:pointer;color:var(--blue)}
:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
footer{margin:3em 0 2em;color:var(--muted);font-size:.875rem}
@media print{.scroll.long{max-height:none}}
`

/** A section with its heading. `id` is unique on the page. */
export interface PageSection {
    id: string
    heading: string
    body: Markup
}

/** The parts of a page. */
export interface Page {
    title: string
    header: Markup
    sections: PageSection[]
    footer: Markup
}

const section = ({ id, heading, body }: PageSection) => markup`<section aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading}</h2>
${body}
</section>
`

/** Returns the page. Its content security policy forbids scripts and loading. */
export function pageHtml({ title, header, sections, footer }: Page): string {
    return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Markup(CSS)}</style>
</head>
<body>
<header>
${header}
</header>
<main>
${sections.map(section)}
<footer>${footer}</footer>
</main>
</body>
</html>
`.html
}
