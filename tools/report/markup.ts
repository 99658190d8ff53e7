// HTML that cannot be broken by what is put into it: text is escaped, only what was made here is not.

/** HTML as it stands. */
export class Markup {
    constructor(readonly html: string) {}
}

type MarkupPart = Markup | string | number | undefined | MarkupPart[]

const ENTITIES: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
}

const escape = (text: string) => text.replace(/[&<>"']/g, each => ENTITIES[each] as string)

function render(part: MarkupPart): string {
    if (part === undefined) return ""
    if (part instanceof Markup) return part.html
    return Array.isArray(part) ? part.map(render).join("") : escape(String(part))
}

/** A template of HTML; what is put in is text, and escaped, unless it is Markup itself. */
export function markup(html: TemplateStringsArray, ...parts: MarkupPart[]): Markup {
    return new Markup(String.raw({ raw: html }, ...parts.map(render)))
}
