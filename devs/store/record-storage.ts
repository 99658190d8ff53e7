// The assignment record in the board's flash settings. The store formats itself, program and all, when a
// write is torn (facts D2), so this writes as little as can be and never twice the same.

import { type Assignment, formatRecord, parseRecord, stillServes } from "./assignment-record"
import { readSetting, writeSetting } from "./settings-store"

/** Settings that hold the record; the second only when it does not fit in the first. */
const KEY = "hub"
const KEY_REST = "hub2"
/**
 * Characters of the record in one setting: key + 1 + JSON must not pass 232 bytes, or the next read
 * resets the board (facts D1). JSON adds two quotes; names with characters that it escapes are refused.
 */
const PART_MAX = 232 - 4 - 1 - 2

/** Whether JSON writes `text` as it is, one byte a character. */
export function isPlain(text: string): boolean {
    const bytes = Buffer.from(text)
    for (let i = 0; i < bytes.length; i++) {
        const code = bytes[i]
        if (code < 32 || code > 126 || code === 34 || code === 92) return false
    }
    return true
}

async function readText(): Promise<string> {
    const first = await readSetting(KEY, "")
    if (typeof first !== "string" || first.length < PART_MAX) return "" + first
    return first + (await readSetting(KEY_REST, ""))
}

/** The stored assignment, or undefined when there is none, or it is damaged or another owner's. */
export async function readRecord(registrationId: string, owner: string): Promise<Assignment | undefined> {
    return parseRecord(await readText(), registrationId, owner)
}

/**
 * Stores the assignment unless what is stored still serves, and reads it back.
 * @returns whether flash now holds one that serves
 */
export async function writeRecord(
    assignment: Assignment,
    registrationId: string,
    owner: string
): Promise<boolean> {
    if (stillServes(await readRecord(registrationId, owner), assignment)) return true
    const text = formatRecord(assignment, registrationId, owner)
    if (!isPlain(text)) return false
    // A cut between the two writes leaves halves of two records: the checksum makes that none.
    if (text.length >= PART_MAX) await writeSetting(KEY_REST, text.slice(PART_MAX))
    await writeSetting(KEY, text.slice(0, PART_MAX))
    return (await readText()) === text
}
