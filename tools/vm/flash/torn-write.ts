// Power that fails inside a write to flash: what is left there. The VM hands over
// whole images, so the steps between two of them are found again from what the
// runtime's store is known to do (jacdac-c, source/jd_fstor.c).
import { VmError } from "../vm-error.js"
import { FLASH_PAGE_BYTES } from "./flash-memory.js"
import { bankPages, ENTRY_BYTES, ERASED, HEADER_BYTES, KEY_BYTES } from "./settings-partition.js"

const WORD_BYTES = 4
const BLANK_PAGE = new Uint8Array(FLASH_PAGE_BYTES).fill(0xff)

/** One thing that the store does to flash: a page erased, or a word programmed. A power cut can come after each. */
export interface FlashStep {
    what: "erase" | "value" | "entry" | "header"
    /** Where in the image. */
    at: number
    /** What lies there afterwards. */
    bytes: Uint8Array
}

/**
 * Asked at each write of a running board: the image that a power cut leaves, or undefined when the write
 * comes to its end and power stays. `after` itself is a cut right behind the write.
 */
export type Tear = (before: Uint8Array, after: Uint8Array) => Uint8Array | undefined

/**
 * The steps that the store took from `before` to `after`, in its order:
 *
 *     jd_settings_set_bin   flash_program((void *)data_start, val, size);
 *                           flash_program((void *)last_entry, &tmp, sizeof(tmp));
 *     jd_fstor_gc           erase_pages(alt, HEADER_PAGES);
 *                           of each live entry: its value, then the entry
 *                           write_header(newgen);
 *     jd_fstor_init         erase_pages(settings, HEADER_PAGES);  write_header(1);
 *
 * A word that is left erased is no step. An erase is one step, though on a chip it can be torn as well.
 * @throws VmError `flash` when the store would not have done that: a deploy, or another's write
 */
export function flashSteps(before: Uint8Array, after: Uint8Array): FlashStep[] {
    const bankBytes = bankPages(after.length / FLASH_PAGE_BYTES) * FLASH_PAGE_BYTES
    const banks = [0, bankBytes]
    const erases = banks.flatMap(start => erasedPages(before, after, start, bankBytes))
    const erased = applied(before, erases)
    const steps = [...erases, ...banks.flatMap(start => programmed(erased, after, start, bankBytes))]
    if (Buffer.compare(applied(before, steps), after) !== 0) {
        throw new VmError(
            "flash",
            "This is no write of the settings store: no power cut can be put inside it."
        )
    }
    return steps
}

/** What flash holds after the first `count` of the steps from `before` to `after`; see {@link flashSteps}. */
export function tornImage(before: Uint8Array, after: Uint8Array, count: number): Uint8Array {
    return applied(before, flashSteps(before, after).slice(0, count))
}

function applied(image: Uint8Array, steps: FlashStep[]): Uint8Array {
    const copy = Uint8Array.from(image)
    for (const { at, bytes } of steps) copy.set(bytes, at)
    return copy
}

/** A bank is erased as a whole, before all else, when some bit in it turns from 0 to 1. */
function erasedPages(before: Uint8Array, after: Uint8Array, start: number, bankBytes: number): FlashStep[] {
    const pages: FlashStep[] = []
    let bitSet = false
    for (let at = start; at < start + bankBytes; at += FLASH_PAGE_BYTES) {
        const was = before.subarray(at, at + FLASH_PAGE_BYTES)
        const is = after.subarray(at, at + FLASH_PAGE_BYTES)
        bitSet ||= was.some((byte, i) => ((is[i] as number) & ~byte) !== 0)
        if (Buffer.compare(was, BLANK_PAGE) !== 0) pages.push({ what: "erase", at, bytes: BLANK_PAGE })
    }
    return bitSet ? pages : []
}

/** Each new entry with its value before it, and the bank's header last. */
function programmed(erased: Uint8Array, after: Uint8Array, start: number, bankBytes: number): FlashStep[] {
    const view = new DataView(after.buffer, after.byteOffset, after.byteLength)
    const words = (what: FlashStep["what"], from: number, bytes: number) =>
        changedWords(erased, after, what, from, from + bytes)
    const steps: FlashStep[] = []
    for (let at = start + HEADER_BYTES; at + ENTRY_BYTES <= start + bankBytes; at += ENTRY_BYTES) {
        const offset = view.getUint32(at + KEY_BYTES, true)
        if (offset === ERASED) break
        const entry = words("entry", at, ENTRY_BYTES)
        // The program's entry (`*prog`) points out of the bank; its value is not copied with it.
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
