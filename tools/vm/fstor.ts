// Reads the runtime's settings store (jacdac-c, source/jd_fstor.c) out of a flash
// image without changing it. Two banks of log entries grow up, their values grow
// down; the bank with the higher generation counts, the last entry of a key wins.
import { FLASH_PAGE_BYTES, type Flash } from "./flash.js"

const MAGIC0 = 0x52545346
const MAGIC1 = 0x6becea0a
export const HEADER_BYTES = 24
export const ENTRY_BYTES = 24
/** In an entry: the key, then the offset of its value in the image, then its size. */
export const KEY_BYTES = 16
export const ERASED = 0xffffffff

/** `*prog` begins with devsmgr's header: magic0, size, magic1, hash, 112 bytes reserved. */
const PROGRAM_HEADER_BYTES = 128
const PROGRAM_MAGIC0 = 0x8d8abd53
const PROGRAM_MAGIC1 = 0xb27c4b2b

/** All entries of the store, the newest of each key; empty when nothing is mounted there. */
export function storeEntries(flash: Flash): Map<string, Uint8Array> {
    const image = flash.load()
    const view = new DataView(image.buffer, image.byteOffset, image.byteLength)
    const entries = new Map<string, Uint8Array>()
    const bank = activeBank(view)
    if (!bank) return entries
    for (let at = bank.start + HEADER_BYTES; at + ENTRY_BYTES <= bank.end; at += ENTRY_BYTES) {
        const offset = view.getUint32(at + KEY_BYTES, true)
        if (offset === ERASED) break
        const size = view.getUint32(at + KEY_BYTES + 4, true)
        const key = Buffer.from(image.subarray(at, at + KEY_BYTES))
            .toString("latin1")
            .replace(/\0.*$/s, "")
        entries.set(key, image.subarray(offset, offset + size))
    }
    return entries
}

/** Pages of one bank in a store of `totalPages`: header, entries and the values of small settings. */
export function bankPages(totalPages: number): number {
    return Math.max(1, Math.min(0xf0, Math.floor(totalPages / 16)))
}

function activeBank(view: DataView): { start: number; end: number } | undefined {
    const totalPages = view.byteLength / FLASH_PAGE_BYTES
    const headerPages = bankPages(totalPages)
    const bankBytes = headerPages * FLASH_PAGE_BYTES
    const valid = (start: number) =>
        view.getUint32(start, true) === MAGIC0 &&
        view.getUint32(start + 4, true) === MAGIC1 &&
        view.getUint32(start + 12, true) === FLASH_PAGE_BYTES &&
        view.getUint16(start + 16, true) === totalPages &&
        view.getUint16(start + 18, true) === headerPages
    const generation = (start: number) => (valid(start) ? view.getUint32(start + 8, true) : -1)
    const first = generation(0)
    const second = generation(bankBytes)
    if (first < 0 && second < 0) return undefined
    const start = first > second ? 0 : bankBytes
    return { start, end: start + bankBytes }
}

/**
 * The settings as @devicescript/settings would read them: the parsed JSON by key
 * (stored as `:key`). Deleted ones are absent; a value that is no JSON reads as undefined.
 */
export function readSettings(flash: Flash): Record<string, unknown> {
    const settings: Record<string, unknown> = {}
    for (const [key, value] of storeEntries(flash)) {
        if (!key.startsWith(":") || value.length === 0) continue
        settings[key.slice(1)] = parseOrUndefined(Buffer.from(value).toString("utf8"))
    }
    return settings
}

function parseOrUndefined(json: string): unknown {
    try {
        return JSON.parse(json)
    } catch {
        return undefined
    }
}

/** The bytecode that the board would boot, or undefined when no complete program is stored. */
export function readProgram(flash: Flash): Uint8Array | undefined {
    const stored = storeEntries(flash).get("*prog")
    if (!stored || stored.length < PROGRAM_HEADER_BYTES) return undefined
    const header = new DataView(stored.buffer, stored.byteOffset)
    if (header.getUint32(0, true) !== PROGRAM_MAGIC0 || header.getUint32(8, true) !== PROGRAM_MAGIC1) {
        return undefined
    }
    return stored.subarray(PROGRAM_HEADER_BYTES, PROGRAM_HEADER_BYTES + header.getUint32(4, true))
}
