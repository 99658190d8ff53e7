// Which registration IDs and keys a fleet can have, and what is wrong with one that it cannot.
import { isSymmetricKey, parseRegistrationId } from "@moorage/protocol"

const ID_MAX_CHARS = 128

/** An ID as DPS compares it, or why it is none. */
export type CheckedId = { id: string; mistake?: undefined } | { id?: undefined; mistake: string }

/** Checks a registration ID and lowers its capitals (DPS, "Registration ID"). */
export function checkId(text: string): CheckedId {
    const id = parseRegistrationId(text)
    return id === undefined ? { mistake: validateId(text) } : { id }
}

function validateId(text: string): string {
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
    const chars = [...text]
    if (chars.length === 0) return "the registration ID is empty"
    if (chars.length > ID_MAX_CHARS)
        return `the registration ID ${shown} has ${chars.length} characters: ${ID_MAX_CHARS} are the most`
    const strange = chars.find(char => !/[a-z0-9\-._:]/i.test(char) || char > "\x7f")
    if (strange !== undefined)
        return `the registration ID ${shown} has ${JSON.stringify(strange)}: it takes a-z 0-9 - . _ : only`
    return `the registration ID ${shown} must end in a letter, a digit or a dash`
}

/** What is wrong with a symmetric key; never shows it. Undefined when DPS takes it. */
export function validateKey(key: string): string | undefined {
    if (isSymmetricKey(key)) return undefined
    const bytes = Buffer.from(key, "base64")
    if (bytes.toString("base64") !== key) return "the key is not Base64"
    return `the key has ${bytes.length} bytes: it takes 16 to 64`
}

/** IDs that came before, with the line of each. */
export class DuplicateIdTracker {
    private readonly lines = new Map<string, number>()

    get size(): number {
        return this.lines.size
    }

    /** Takes note of an ID; returns the line on which it stood before, if it did. */
    record(id: string, line: number): number | undefined {
        const before = this.lines.get(id)
        if (before === undefined) this.lines.set(id, line)
        return before
    }
}
