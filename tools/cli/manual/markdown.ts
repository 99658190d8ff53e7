// Markdown of the generated pages.
import { Help } from "commander"

const WIDTH_CHARS = 130

/** Escapes text for Markdown, except in code spans. */
export function escapeMarkdown(text: string): string {
    const parts = text.split("`")
    return parts.map((part, i) => (i % 2 === 1 ? part : part.replaceAll(/[<*]/g, "\\$&"))).join("`")
}

/** Returns a paragraph, wrapped to the width of a terminal. */
export const paragraph = (text: string) => new Help().boxWrap(escapeMarkdown(text), WIDTH_CHARS)

export const code = (text: string) => `\`${text}\``

export const codeBlock = (lines: string[]) => ["```", ...lines, "```"].join("\n")

const rowText = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll("|", "\\|")).join(" | ")} |`

/** Returns a table. The cells are Markdown already. */
export function markdownTable(head: readonly string[], rows: (readonly string[])[]): string {
    return [rowText(head), `|${"---|".repeat(head.length)}`, ...rows.map(rowText)].join("\n")
}
