// A person's list of registration IDs: a CSV with a column of them, or an ID a line.
import type { Readable } from "node:stream"
import { checkId, SeenIds } from "./ids.js"
import { FleetError, type Mistake } from "./mistakes.js"
import { csvRecords } from "./records.js"

const COLUMN = "registrationId"

/**
 * All IDs, in their order.
 * @param name what the messages call the input
 * @throws FleetError with every mistake: an ID that is none, one that is there twice, no ID at all
 */
export async function readIdList(input: Readable, name: string): Promise<string[]> {
    const mistakes: Mistake[] = []
    const ids: string[] = []
    const seen = new SeenIds()
    let at: number | undefined
    for await (const { line, fields } of csvRecords(input, name)) {
        if (at === undefined) {
            at = Math.max(0, fields.indexOf(COLUMN))
            if (fields[at] === COLUMN) continue
            if (fields.length > 1) throw new FleetError(name, [{ line, text: `names no column ${COLUMN}` }])
        }
        const { id, mistake } = checkId(fields[at] ?? "")
        const before = id === undefined ? undefined : seen.note(id, line)
        if (id === undefined) mistakes.push({ line, text: mistake })
        else if (before !== undefined)
            mistakes.push({ line, text: `${id} is there already, on line ${before}` })
        else ids.push(id)
    }
    if (mistakes.length === 0 && ids.length === 0) mistakes.push({ line: 1, text: "has no registration ID" })
    if (mistakes.length > 0) throw new FleetError(name, mistakes)
    return ids
}
