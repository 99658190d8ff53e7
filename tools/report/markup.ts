// HTML templates that escape text, so that no value can add markup.

/** HTML that is not escaped again. */
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

const escape = (text: string) => text.replace(/[&<>"']/g, char => ENTITIES[char] as string)

function render(part: MarkupPart): string {
    if (part === undefined) return ""
    if (part instanceof Markup) return part.html
    return Array.isArray(part) ? part.map(render).join("") : escape(String(part))
}

/** Returns HTML from a template. Values are escaped, except values that are Markup. */
export function markup(html: TemplateStringsArray, ...parts: MarkupPart[]): Markup {
    return new Markup(String.raw({ raw: html }, ...parts.map(render)))
}
