// Files that a person writes, YAML or JSON: read whole, checked against a schema, every mistake with its line.
import { readFileSync } from "node:fs"
import * as v from "valibot"
import { type Document, LineCounter, parseDocument as parseYaml, stringify } from "yaml"

/** The file cannot be used; the message lists every mistake, a line each, and is fit to be shown. */
export class DocumentError extends Error {}

type Path = (string | number)[]
type Schema = v.GenericSchema<unknown, unknown>

function pathOf(issue: v.BaseIssue<unknown>): Path {
    return (issue.path ?? []).map(item => item.key as string | number)
}

/** `enrollmentGroups[1].primaryKey`. */
function format(path: Path): string {
    const parts = path.map((part, i) => (typeof part === "number" ? `[${part}]` : i ? `.${part}` : part))
    return parts.join("") || "the file"
}

function messageOf(issue: v.BaseIssue<unknown>): string {
    if (issue.type !== "strict_object") return issue.message.replace(/^Invalid .*: /, "")
    if (!issue.path) return 'is no list of "name: value"'
    // An unknown field, or one that is missing, by what the schema expected there.
    return issue.expected === "never" ? "is not known" : "is missing"
}

/** `line 12, `, of the deepest part of the path that stands in the file. */
function lineOf(document: Document, lines: LineCounter, path: Path): string {
    for (let depth = path.length; depth > 0; depth--) {
        const node = document.getIn(path.slice(0, depth), true) as { range?: [number] } | undefined
        if (node?.range) return `line ${lines.linePos(node.range[0]).line}, `
    }
    return ""
}

/**
 * What `source` says, as the schema has it.
 * @param name of the file, for the message
 * @param more further mistakes, which no schema finds: a line each
 * @throws DocumentError with every mistake, each with its path and line
 */
export function parseDocument<S extends Schema>(
    schema: S,
    source: string,
    name: string,
    more: (value: v.InferOutput<S>) => string[] = () => []
): v.InferOutput<S> {
    const lines = new LineCounter()
    const document = parseYaml(source, { lineCounter: lines })
    const refuse = (errors: string[]) =>
        new DocumentError([`${name} cannot be used:`, ...errors.map(error => `  ${error}`)].join("\n"))
    if (document.errors.length > 0) throw refuse(document.errors.map(error => error.message.split("\n")[0]))
    const result = v.safeParse(schema, document.toJS() ?? {})
    if (!result.success)
        throw refuse(
            result.issues.map(issue => {
                const path = pathOf(issue)
                return `${lineOf(document, lines, path)}${format(path)}: ${messageOf(issue)}`
            })
        )
    const wrong = more(result.output)
    if (wrong.length > 0) throw refuse(wrong)
    return result.output
}

/** As parseDocument(), of a file. @throws DocumentError, also when it cannot be read */
export function readDocument<S extends Schema>(
    schema: S,
    file: string,
    more?: (value: v.InferOutput<S>) => string[]
): v.InferOutput<S> {
    return parseDocument(schema, readText(file), file, more)
}

function readText(file: string): string {
    try {
        return readFileSync(file, "utf8")
    } catch (error) {
        throw new DocumentError(`Cannot read ${file}: ${(error as Error).message}`, { cause: error })
    }
}

/** A value as YAML, as readDocument() reads it. */
export function formatDocument(value: unknown): string {
    return stringify(value, { lineWidth: 110, indent: 4 })
}
