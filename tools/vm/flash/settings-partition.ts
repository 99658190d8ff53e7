// Reads the settings store of the runtime (jacdac-c, source/jd_fstor.c) from a flash image. The store has two banks. In a
// bank, log entries grow upwards and their values grow downwards. The bank with the higher generation is the active one,
// and the last entry of a key is valid (runtime-facts.md, 4.2).
import { FLASH_PAGE_BYTES, type Flash } from "./flash-memory.js"

const MAGIC0 = 0x52545346
const MAGIC1 = 0x6becea0a
export const HEADER_BYTES = 24
export const ENTRY_BYTES = 24
/** An entry holds the key, the offset of the value in the image, and the size of the value. */
export const KEY_BYTES = 16
export const ERASED = 0xffffffff

/** Header of devsmgr at the start of `*prog`: magic0, size, magic1, hash, 112 reserved bytes. */
const PROGRAM_HEADER_BYTES = 128
const PROGRAM_MAGIC0 = 0x8d8abd53
const PROGRAM_MAGIC1 = 0xb27c4b2b

interface StoreEntry {
    key: string
    /** Offset of the entry in the image. */
    at: number
    /** Offset of the value in the image. */
    offset: number
    size: number
}

/** Yields the entries of the active bank, oldest first, or nothing when there is no store. */
function* logEntries(image: Uint8Array): Generator<StoreEntry> {
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

/** Returns the newest value of each key. The map is empty when the flash has no store. */
export function storeEntries(flash: Flash): Map<string, Uint8Array> {
    const image = flash.load()
    const entries = new Map<string, Uint8Array>()
    for (const { key, offset, size } of logEntries(image))
        entries.set(key, image.subarray(offset, offset + size))
    return entries
}

/** Changes the keys of entries to others of at most 15 characters. The values stay in place. */
export function renameEntries(flash: Flash, keys: Record<string, string>): void {
    const image = Uint8Array.from(flash.load())
    for (const { key, at } of logEntries(image)) {
        const other = keys[key]
        if (other !== undefined) image.set(Buffer.from(other.padEnd(KEY_BYTES, "\0"), "latin1"), at)
    }
    flash.save(image)
}

/** Returns the number of pages of one bank in a store of `totalPages`. A bank holds header, entries and small values. */
export function bankPages(totalPages: number): number {
    return Math.max(1, Math.min(0xf0, Math.floor(totalPages / 16)))
}

/** Returns the start and the end of the active bank, or undefined when the flash has no store. */
function activeBank(view: DataView): { start: number; end: number } | undefined {
    const totalPages = view.byteLength / FLASH_PAGE_BYTES
    const headerPages = bankPages(totalPages)
    const bankBytes = headerPages * FLASH_PAGE_BYTES
    const isValid = (start: number) =>
        view.getUint32(start, true) === MAGIC0 &&
        view.getUint32(start + 4, true) === MAGIC1 &&
        view.getUint32(start + 12, true) === FLASH_PAGE_BYTES &&
        view.getUint16(start + 16, true) === totalPages &&
        view.getUint16(start + 18, true) === headerPages
    const generation = (start: number) => view.getUint32(start + 8, true)
    const [start] = [bankBytes, 0].filter(isValid).sort((a, b) => generation(b) - generation(a))
    if (start === undefined) return undefined
    return { start, end: start + bankBytes }
}

/** Returns whether the flash has a store, even an empty one. Without a store the runtime formats the flash. */
export function hasStore(flash: Flash): boolean {
    const image = flash.load()
    return activeBank(new DataView(image.buffer, image.byteOffset, image.byteLength)) !== undefined
}

/**
 * Returns the settings as @devicescript/settings reads them: the parsed JSON of each key (stored as `:key`). Deleted
 * settings are absent, and a value that is not JSON is undefined.
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

/** Returns the bytecode that the board boots, or undefined when the flash has no complete program. */
export function readProgram(flash: Flash): Uint8Array | undefined {
    const stored = storeEntries(flash).get("*prog")
    if (!stored || stored.length < PROGRAM_HEADER_BYTES) return undefined
    const header = new DataView(stored.buffer, stored.byteOffset)
    if (header.getUint32(0, true) !== PROGRAM_MAGIC0 || header.getUint32(8, true) !== PROGRAM_MAGIC1) {
        return undefined
    }
    return stored.subarray(PROGRAM_HEADER_BYTES, PROGRAM_HEADER_BYTES + header.getUint32(4, true))
}

/** A Wi-Fi network that a board can join. */
export interface WifiNetwork {
    ssid: string
    /** Passphrase; absent for an open network. */
    psk?: string
}

/** Keys of the Wi-Fi service of the runtime (devicescript, network/wifi.c, wifi_init). The values are text, not JSON. */
export const WIFI_KEYS = { ssid: "wifi_ssid", psk: "wifi_psk" } as const

/** Returns the Wi-Fi network that the runtime joins, or undefined when the flash has none. */
export function readNetwork(flash: Flash): WifiNetwork | undefined {
    const entries = storeEntries(flash)
    const text = (key: string) => Buffer.from(entries.get(key) ?? []).toString("utf8")
    const ssid = text(WIFI_KEYS.ssid)
    const psk = text(WIFI_KEYS.psk)
    if (ssid === "") return undefined
    return psk === "" ? { ssid } : { ssid, psk }
}
