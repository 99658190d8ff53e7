// A person's list of registration IDs: a CSV with a column of them, or an ID a line.
import type { Readable } from "node:stream"
import { checkId, DuplicateIdTracker } from "./validate-ids.js"
import { FleetError, type InputIssue } from "./input-issues.js"
import { csvRecords } from "./csv.js"

export interface IdSource {
    input: Readable
    /** What the messages call it. */
    name: string
    /** The column of a CSV that has the IDs. A text whose first line does not name it has an ID a line. */
    column: string
    /** Whether it must be a CSV with that column. */
    columnRequired: boolean
    /** Another column of a CSV that is of interest. */
    alsoColumn?: string
}

/** An ID and where it stands. */
export interface ListedId {
    id: string
    line: number
    /** What the other column has; undefined where it has nothing. */
    also: string | undefined
}

/**
 * Each ID, in their order, as they are read.
 * @throws FleetError at the end, with every mistake (an ID that is none, one that is there twice, a line of a CSV that
 * has more or fewer fields than the first, no ID at all): what came before is then of no use
 */
export async function* listedIds(source: IdSource): AsyncGenerator<ListedId> {
    const mistakes: InputIssue[] = []
    const seen = new DuplicateIdTracker()
    let at = -1
    let alsoAt = -1
    let columns = 0
    for await (const { line, fields } of csvRecords(source.input, source.name)) {
        if (at < 0) {
            at = fields.indexOf(source.column)
            if (source.alsoColumn !== undefined) alsoAt = fields.indexOf(source.alsoColumn)
            columns = fields.length
            if (at >= 0) continue
            if (source.columnRequired || fields.length > 1)
                throw new FleetError(source.name, [{ line, text: `names no column ${source.column}` }])
            at = 0
        }
        if (fields.length !== columns)
            mistakes.push({ line, text: `has ${fields.length} fields, the first line ${columns}` })
        const { id, mistake } = checkId(fields[at] ?? "")
        if (id === undefined) {
            mistakes.push({ line, text: mistake })
            continue
        }
        const before = seen.record(id, line)
        if (before !== undefined) mistakes.push({ line, text: `${id} is there already, on line ${before}` })
        // With a mistake nothing is of use any more: the rest is only checked.
        else if (mistakes.length === 0) yield { id, line, also: fields[alsoAt] || undefined }
    }
    if (mistakes.length === 0 && seen.size === 0) mistakes.push({ line: 1, text: "has no registration ID" })
    if (mistakes.length > 0) throw new FleetError(source.name, mistakes)
}

/** As listedIds(), without the lines. */
export async function* registrationIds(source: IdSource): AsyncGenerator<string> {
    for await (const { id } of listedIds(source)) yield id
}

/** All IDs at once, of an input as anybody may have it. @throws FleetError with every mistake */
export async function readIdList(input: Readable, name: string): Promise<string[]> {
    const ids: string[] = []
    const source = { input, name, column: "registrationId", columnRequired: false }
    for await (const id of registrationIds(source)) ids.push(id)
    return ids
}
