// Device keys of an enrollment group, for many IDs at once.
import type { Readable } from "node:stream"
import { deriveDeviceKey } from "@moorage/emulator"
import { checkId, SeenIds } from "./ids.js"
import { FleetError, type Mistake } from "./mistakes.js"
import { csvRecords } from "./records.js"

export interface DeviceKey {
    registrationId: string
    /** Base64 of 32 bytes. */
    key: string
}

export interface KeySource {
    input: Readable
    /** What the messages call it. */
    name: string
    /** The column of a CSV that has the IDs. A text whose first line does not name it has an ID a line. */
    column: string
    /** Whether it must be a CSV with that column. */
    columnRequired: boolean
}

/**
 * The key of each ID, in their order, as they are read.
 * @param groupKey Base64, checked by the caller (keyMistake)
 * @throws FleetError at the end, with every mistake: what came before is then of no use
 */
export async function* deriveKeys(source: KeySource, groupKey: string): AsyncGenerator<DeviceKey> {
    const mistakes: Mistake[] = []
    const seen = new SeenIds()
    let at = -1
    for await (const { line, fields } of csvRecords(source.input, source.name)) {
        if (at < 0) {
            at = fields.indexOf(source.column)
            if (at >= 0) continue
            if (source.columnRequired || fields.length > 1)
                throw new FleetError(source.name, [{ line, text: `names no column ${source.column}` }])
            at = 0
        }
        const { id, mistake } = checkId(fields[at] ?? "")
        if (id === undefined) {
            mistakes.push({ line, text: mistake })
            continue
        }
        const before = seen.note(id, line)
        if (before !== undefined) mistakes.push({ line, text: `${id} is there already, on line ${before}` })
        // With a mistake nothing is of use any more: the rest is only checked.
        else if (mistakes.length === 0) yield { registrationId: id, key: deriveDeviceKey(groupKey, id) }
    }
    if (mistakes.length === 0 && seen.size === 0) mistakes.push({ line: 1, text: "has no registration ID" })
    if (mistakes.length > 0) throw new FleetError(source.name, mistakes)
}
