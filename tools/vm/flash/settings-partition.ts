// Reads the runtime's settings store (jacdac-c, source/jd_fstor.c) out of a flash
// image without changing it. Two banks of log entries grow up, their values grow
// down; the bank with the higher generation counts, the last entry of a key wins.
import { FLASH_PAGE_BYTES, type Flash } from "./flash-memory.js"

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

interface Entry {
    key: string
    /** Where the entry itself lies, and its value. */
    at: number
    offset: number
    size: number
}

/** The log, oldest first; empty when nothing is mounted there. */
function* logOf(image: Uint8Array): Generator<Entry> {
    const view = new DataView(image.buffer, image.byteOffset, image.byteLength)
    const bank = activeBank(view)
    if (!bank) return
    for (let at = bank.start + HEADER_BYTES; at + ENTRY_BYTES <= bank.end; at += ENTRY_BYTES) {
        const offset = view.getUint32(at + KEY_BYTES, true)
        if (offset === ERASED) break
        const key = Buffer.from(image.subarray(at, at + KEY_BYTES))
            .toString("latin1")
            .replace(/\0.*$/s, "")
        yield { key, at, offset, size: view.getUint32(at + KEY_BYTES + 4, true) }
    }
}

/** All entries of the store, the newest of each key; empty when nothing is mounted there. */
export function storeEntries(flash: Flash): Map<string, Uint8Array> {
    const image = flash.load()
    const entries = new Map<string, Uint8Array>()
    for (const { key, offset, size } of logOf(image)) entries.set(key, image.subarray(offset, offset + size))
    return entries
}

/** Gives entries other keys, of at most 15 characters; values stay where they are. */
export function renameEntries(flash: Flash, keys: Record<string, string>): void {
    const image = Uint8Array.from(flash.load())
    for (const { key, at } of logOf(image)) {
        const other = keys[key]
        if (other !== undefined) image.set(Buffer.from(other.padEnd(KEY_BYTES, "\0"), "latin1"), at)
    }
    flash.save(image)
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

/** Whether the runtime would find a store there, be it an empty one; if not, it formats. */
export function hasStore(flash: Flash): boolean {
    const image = flash.load()
    return activeBank(new DataView(image.buffer, image.byteOffset, image.byteLength)) !== undefined
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

/** A Wi-Fi network that the board knows. */
export interface WifiNetwork {
    ssid: string
    /** Absent for an open one. */
    psk?: string
}

/** Where the runtime's Wi-Fi service keeps it (devicescript, network/wifi.c, wifi_init): text without quotes. */
export const WIFI_KEYS = { ssid: "wifi_ssid", psk: "wifi_psk" } as const

/** The network that the runtime would join, if it knows one. */
export function readNetwork(flash: Flash): WifiNetwork | undefined {
    const entries = storeEntries(flash)
    const text = (key: string) => Buffer.from(entries.get(key) ?? []).toString("utf8")
    const ssid = text(WIFI_KEYS.ssid)
    const psk = text(WIFI_KEYS.psk)
    if (ssid === "") return undefined
    return psk === "" ? { ssid } : { ssid, psk }
}
