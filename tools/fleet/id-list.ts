// Reads a list of registration IDs: a CSV file with an ID column, or a text file with one ID per line.
import type { Readable } from "node:stream"
import { checkId, DuplicateIdTracker } from "./validate-ids.js"
import { FleetError, type InputIssue } from "./input-issues.js"
import { readCsv } from "./csv.js"

export interface IdSource {
    input: Readable
    /** Name of the input in error messages. */
    name: string
    /** Name of the CSV column with the IDs. If the first line does not contain it, the input has one ID per line. */
    column: string
    /** Whether the input must be a CSV file with that column. */
    isColumnRequired: boolean
    /** Name of another CSV column to read. */
    extraColumn?: string
}

export interface ListedId {
    id: string
    /** From 1. */
    line: number
    /** Value of the extra column; undefined if it is empty or missing. */
    extra: string | undefined
}

/** Positions of the columns in each record. */
interface Layout {
    idIndex: number
    extraIndex: number
    fieldCount: number
    hasHeader: boolean
}

/** Returns the layout that the first line describes. @throws FleetError if a required column is missing */
function readLayout(fields: string[], line: number, source: IdSource): Layout {
    const { name, column, isColumnRequired, extraColumn } = source
    const idIndex = fields.indexOf(column)
    const hasHeader = idIndex >= 0
    if (!hasHeader && (isColumnRequired || fields.length > 1))
        throw new FleetError(name, [{ line, text: `column ${column} is missing` }])
    return {
        idIndex: Math.max(0, idIndex),
        extraIndex: extraColumn === undefined ? -1 : fields.indexOf(extraColumn),
        fieldCount: fields.length,
        hasHeader,
    }
}

/**
 * Yields each registration ID in the order of the input, while the input is read.
 * @throws FleetError after the whole input is read, with every issue: invalid IDs, duplicate IDs, records with a wrong
 * number of fields, or no ID at all. The IDs yielded before are then unusable.
 */
export async function* readListedIds(source: IdSource): AsyncGenerator<ListedId> {
    const issues: InputIssue[] = []
    const seen = new DuplicateIdTracker()
    let layout: Layout | undefined
    for await (const { line, fields } of readCsv(source.input, source.name)) {
        if (!layout) {
            layout = readLayout(fields, line, source)
            if (layout.hasHeader) continue
        }
        if (fields.length !== layout.fieldCount)
            issues.push({
                line,
                text: `has ${fields.length} fields, the first line has ${layout.fieldCount}`,
            })
        const { id, issue } = checkId(fields[layout.idIndex] ?? "")
        if (id === undefined) {
            issues.push({ line, text: issue })
            continue
        }
        const firstLine = seen.record(id, line)
        if (firstLine !== undefined)
            issues.push({ line, text: `duplicate registration ID ${id} (first on line ${firstLine})` })
        // After the first issue the result is unusable. The remaining records are only validated.
        else if (issues.length === 0) yield { id, line, extra: fields[layout.extraIndex] || undefined }
    }
    if (issues.length === 0 && seen.size === 0) issues.push({ line: 1, text: "has no registration ID" })
    if (issues.length > 0) throw new FleetError(source.name, issues)
}

/** Yields the same IDs as readListedIds(), without their lines. */
export async function* readRegistrationIds(source: IdSource): AsyncGenerator<string> {
    for await (const { id } of readListedIds(source)) yield id
}

/** Returns all IDs of a CSV file or text file. @throws FleetError with every issue */
export async function readIdList(input: Readable, name: string): Promise<string[]> {
    const ids: string[] = []
    const source = { input, name, column: "registrationId", isColumnRequired: false }
    for await (const id of readRegistrationIds(source)) ids.push(id)
    return ids
}
