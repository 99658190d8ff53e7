// The assignment record in the settings of the board's flash. A torn write makes the runtime format the whole store with
// the program (runtime-facts.md, D2). This module therefore writes rarely and never writes the same record twice.

import { FlashKey } from "../contract/flash-keys"
import { type Assignment, formatRecord, parseRecord, isStillValid } from "./record-format"
import { readSetting, writeSetting } from "./settings-store"

/**
 * Characters of the record in one setting. Key, 1 byte and JSON must not exceed 232 bytes, or the next read resets the
 * board (runtime-facts.md, D1). JSON adds two quotes. Names with characters that JSON escapes are not stored.
 */
const PART_MAX = 232 - 4 - 1 - 2

/** Returns whether JSON contains `text` unchanged, with one byte per character. */
export function isPlain(text: string): boolean {
    const bytes = Buffer.from(text)
    for (let i = 0; i < bytes.length; i++) {
        const code = bytes[i]
        if (code < 32 || code > 126 || code === 34 || code === 92) return false
    }
    return true
}

/** Returns the text of the record, which may be damaged or of another owner. It is empty without a record. Throws Fault. */
export async function readRecordText(): Promise<string> {
    const first = await readSetting(FlashKey.Record, "", "damaged")
    if (typeof first !== "string" || first.length < PART_MAX) return "" + first
    return first + (await readSetting(FlashKey.RecordRest, ""))
}

/** Returns the stored assignment, or undefined if the record is missing, damaged or of another owner. Throws Fault. */
export async function readRecord(registrationId: string, owner: string): Promise<Assignment | undefined> {
    return parseRecord(await readRecordText(), registrationId, owner)
}

/**
 * Stores the assignment, unless the stored record is still valid, and reads it back. Throws Fault.
 * @returns whether flash now has a valid record
 */
export async function writeRecord(
    assignment: Assignment,
    registrationId: string,
    owner: string
): Promise<boolean> {
    if (isStillValid(await readRecord(registrationId, owner), assignment)) return true
    const text = formatRecord(assignment, registrationId, owner)
    if (!isPlain(text)) return false
    // After a power cut between the two writes, the halves of two records do not match the checksum.
    if (text.length >= PART_MAX) await writeSetting(FlashKey.RecordRest, text.slice(PART_MAX))
    await writeSetting(FlashKey.Record, text.slice(0, PART_MAX))
    return (await readRecordText()) === text
}
