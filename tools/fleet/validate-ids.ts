// Validates registration IDs and symmetric keys, and finds duplicate IDs.
import { isSymmetricKey, parseRegistrationId } from "@moorage/protocol"

const ID_MAX_CHARS = 128
const ID_SHOWN_CHARS = 40

/** A registration ID in lower case, or the reason why the text is not a registration ID. */
export type CheckedId = { id: string; issue?: undefined } | { id?: undefined; issue: string }

/** Checks a registration ID and converts it to lower case, because DPS compares IDs without case (protocol-facts.md, 1.2). */
export function checkId(text: string): CheckedId {
    const id = parseRegistrationId(text)
    return id === undefined ? { issue: idIssue(text) } : { id }
}

function idIssue(text: string): string {
    const shown = JSON.stringify(text.length > ID_SHOWN_CHARS ? `${text.slice(0, ID_SHOWN_CHARS)}...` : text)
    const chars = [...text]
    if (chars.length === 0) return "the registration ID is empty"
    if (chars.length > ID_MAX_CHARS)
        return `the registration ID ${shown} is ${chars.length} characters long (maximum ${ID_MAX_CHARS})`
    const invalid = chars.find(char => !/[a-z0-9\-._:]/i.test(char) || char > "\x7f")
    if (invalid !== undefined)
        return `the registration ID ${shown} contains ${JSON.stringify(invalid)} (allowed: a-z 0-9 - . _ :)`
    return `the registration ID ${shown} must end with a letter, a digit or a dash`
}

/** Returns the issue of a symmetric key, or undefined if DPS accepts the key. The text never contains the key. */
export function validateKey(key: string): string | undefined {
    if (isSymmetricKey(key)) return undefined
    const bytes = Buffer.from(key, "base64")
    if (bytes.toString("base64") !== key) return "the key is not Base64"
    return `the key is ${bytes.length} bytes long (allowed: 16 to 64)`
}

/** Stores the line of each ID to find duplicates. */
export class DuplicateIdTracker {
    private readonly lines = new Map<string, number>()

    get size(): number {
        return this.lines.size
    }

    /** Records an ID. @returns the line of its first occurrence if the ID is a duplicate, or undefined */
    record(id: string, line: number): number | undefined {
        const firstLine = this.lines.get(id)
        if (firstLine === undefined) this.lines.set(id, line)
        return firstLine
    }
}
