// Reads YAML or JSON files that a user writes, and checks them against a schema. Every error is reported with its line.
import { readFileSync } from "node:fs"
import { MoorageError, type MoorageErrorOptions } from "@moorage/errors"
import * as v from "valibot"
import { type Document, LineCounter, parseDocument as parseYaml, stringify } from "yaml"

/** A document is not valid. The message lists every error, one per line, and is written for the user. */
export class DocumentError extends MoorageError {
    constructor(message: string, options?: MoorageErrorOptions) {
        super("DOCUMENT_INVALID", message, options)
    }
}

type Path = (string | number)[]
type Schema = v.GenericSchema<unknown, unknown>

function pathOf(issue: v.BaseIssue<unknown>): Path {
    return (issue.path ?? []).map(item => item.key as string | number)
}

/** Returns a path as text, for example `enrollmentGroups[1].primaryKey`. */
function formatPath(path: Path): string {
    const parts = path.map((part, i) => (typeof part === "number" ? `[${part}]` : i ? `.${part}` : part))
    return parts.join("") || "the file"
}

function messageOf(issue: v.BaseIssue<unknown>): string {
    if (issue.type !== "strict_object") return issue.message.replace(/^Invalid .*: /, "")
    if (!issue.path) return 'must be a list of "name: value" pairs'
    return issue.expected === "never" ? "is not a known field" : "is missing"
}

/** Returns `line 12, ` for the deepest part of the path that the file contains, or an empty string. */
function lineOf(document: Document, lines: LineCounter, path: Path): string {
    for (let depth = path.length; depth > 0; depth--) {
        const node = document.getIn(path.slice(0, depth), true) as { range?: [number] } | undefined
        if (node?.range) return `line ${lines.linePos(node.range[0]).line}, `
    }
    return ""
}

export interface DocumentOptions<T> {
    /** Name of the file, for the error message. */
    name: string
    /** Returns errors that no schema can find, one text per error. */
    findErrors?: (value: T) => string[]
}

/**
 * Parses YAML or JSON text and checks it against a schema.
 * @returns the value with the defaults of the schema filled in
 * @throws DocumentError that lists every error with its line and path
 */
export function parseDocument<S extends Schema>(
    schema: S,
    source: string,
    { name, findErrors = () => [] }: DocumentOptions<v.InferOutput<S>>
): v.InferOutput<S> {
    const lines = new LineCounter()
    const document = parseYaml(source, { lineCounter: lines })
    const documentError = (errors: string[]) =>
        new DocumentError([`${name} cannot be used:`, ...errors.map(error => `  ${error}`)].join("\n"))
    if (document.errors.length > 0)
        throw documentError(document.errors.map(error => error.message.split("\n")[0]))
    const result = v.safeParse(schema, document.toJS() ?? {})
    if (!result.success)
        throw documentError(
            result.issues.map(issue => {
                const path = pathOf(issue)
                return `${lineOf(document, lines, path)}${formatPath(path)}: ${messageOf(issue)}`
            })
        )
    const errors = findErrors(result.output)
    if (errors.length > 0) throw documentError(errors)
    return result.output
}

/**
 * Reads a file as parseDocument() does.
 * @throws DocumentError when the file cannot be read or is not valid
 */
export function readDocument<S extends Schema>(
    schema: S,
    file: string,
    findErrors?: (value: v.InferOutput<S>) => string[]
): v.InferOutput<S> {
    return parseDocument(schema, readText(file), { name: file, findErrors })
}

function readText(file: string): string {
    try {
        return readFileSync(file, "utf8")
    } catch (error) {
        throw new DocumentError(`Cannot read ${file}: ${(error as Error).message}`, { cause: error })
    }
}

/** Returns a value as YAML text that readDocument() can read. */
export function formatDocument(value: unknown): string {
    return stringify(value, { lineWidth: 110, indent: 4 })
}
