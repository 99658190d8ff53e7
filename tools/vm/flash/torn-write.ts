// Power cuts inside a write to flash. The VM passes whole images, so the steps between two images are reconstructed from
// the order in which the settings store writes (jacdac-c, source/jd_fstor.c; docs/internals/flash.md).
import { VmError } from "../vm-error.js"
import { FLASH_PAGE_BYTES } from "./flash-memory.js"
import { bankPages, ENTRY_BYTES, ERASED, HEADER_BYTES, KEY_BYTES } from "./settings-partition.js"

const WORD_BYTES = 4
const BLANK_PAGE = new Uint8Array(FLASH_PAGE_BYTES).fill(0xff)

/** One operation of the store on the flash: erase a page or program a word. Power can fail after each step. */
export interface FlashStep {
    what: "erase" | "value" | "entry" | "header"
    /** Offset in the image. */
    at: number
    /** Content after the step. */
    bytes: Uint8Array
}

/**
 * Decides at each write of a running board whether the power fails. Returns the image that the power cut leaves, or
 * undefined when the write completes and power stays on. The image `after` is a power cut directly after the write.
 */
export type TearWrite = (before: Uint8Array, after: Uint8Array) => Uint8Array | undefined

/**
 * Returns the steps that the store takes from `before` to `after`, in order:
 *
 *     jd_settings_set_bin   flash_program((void *)data_start, val, size);
 *                           flash_program((void *)last_entry, &tmp, sizeof(tmp));
 *     jd_fstor_gc           erase_pages(alt, HEADER_PAGES);
 *                           for each live entry: its value, then the entry
 *                           write_header(newgen);
 *     jd_fstor_init         erase_pages(settings, HEADER_PAGES);  write_header(1);
 *
 * A word that stays erased needs no step. An erase is one step here, although a chip can lose power inside it too.
 * @throws VmError `flash` when the store does not write this way, for example for a deploy
 */
export function flashSteps(before: Uint8Array, after: Uint8Array): FlashStep[] {
    const bankBytes = bankPages(after.length / FLASH_PAGE_BYTES) * FLASH_PAGE_BYTES
    const banks = [0, bankBytes]
    const erases = banks.flatMap(start => erasedPages(before, after, start, bankBytes))
    const erased = applySteps(before, erases)
    const steps = [...erases, ...banks.flatMap(start => programmedWords(erased, after, start, bankBytes))]
    if (Buffer.compare(applySteps(before, steps), after) !== 0) {
        throw new VmError(
            "flash",
            "The change is not a write of the settings store, so that a power cut inside it cannot be simulated."
        )
    }
    return steps
}

/** Returns the image after the first `count` steps from `before` to `after` (see {@link flashSteps}). */
export function tornImage(before: Uint8Array, after: Uint8Array, count: number): Uint8Array {
    return applySteps(before, flashSteps(before, after).slice(0, count))
}

function applySteps(image: Uint8Array, steps: FlashStep[]): Uint8Array {
    const copy = Uint8Array.from(image)
    for (const { at, bytes } of steps) copy.set(bytes, at)
    return copy
}

/** Returns the erase steps of a bank. A bank is erased completely, before all other steps, when a bit changes from 0 to 1. */
function erasedPages(before: Uint8Array, after: Uint8Array, start: number, bankBytes: number): FlashStep[] {
    const pages: FlashStep[] = []
    let needsErase = false
    for (let at = start; at < start + bankBytes; at += FLASH_PAGE_BYTES) {
        const was = before.subarray(at, at + FLASH_PAGE_BYTES)
        const is = after.subarray(at, at + FLASH_PAGE_BYTES)
        needsErase ||= was.some((byte, i) => ((is[i] as number) & ~byte) !== 0)
        if (Buffer.compare(was, BLANK_PAGE) !== 0) pages.push({ what: "erase", at, bytes: BLANK_PAGE })
    }
    return needsErase ? pages : []
}

/** Returns the program steps of a bank: each new entry after its value, and the header of the bank last. */
function programmedWords(
    erased: Uint8Array,
    after: Uint8Array,
    start: number,
    bankBytes: number
): FlashStep[] {
    const view = new DataView(after.buffer, after.byteOffset, after.byteLength)
    const words = (what: FlashStep["what"], from: number, bytes: number) =>
        changedWords(erased, after, what, from, from + bytes)
    const steps: FlashStep[] = []
    for (let at = start + HEADER_BYTES; at + ENTRY_BYTES <= start + bankBytes; at += ENTRY_BYTES) {
        const offset = view.getUint32(at + KEY_BYTES, true)
        if (offset === ERASED) break
        const entry = words("entry", at, ENTRY_BYTES)
        // The value of the program (`*prog`) is outside of the bank and is not copied with its entry.
        const inBank = offset >= start && offset < start + bankBytes
        if (entry.length > 0 && inBank)
            steps.push(...words("value", offset, view.getUint32(at + KEY_BYTES + 4, true)))
        steps.push(...entry)
    }
    return [...steps, ...words("header", start, HEADER_BYTES)]
}

function changedWords(
    erased: Uint8Array,
    after: Uint8Array,
    what: FlashStep["what"],
    from: number,
    to: number
): FlashStep[] {
    const steps: FlashStep[] = []
    for (let at = from; at < to; at += WORD_BYTES) {
        const bytes = after.slice(at, at + WORD_BYTES)
        const was = erased.subarray(at, at + WORD_BYTES)
        if (Buffer.compare(was, bytes) !== 0) steps.push({ what, at, bytes })
    }
    return steps
}
