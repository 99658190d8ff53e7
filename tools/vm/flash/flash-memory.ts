import { readFileSync, statSync } from "node:fs"
import { writeFileAtomic } from "@moorage/files"
import { VmError } from "../vm-error.js"

/** Bytes of one flash page: what an erase clears. */
export const FLASH_PAGE_BYTES = 4096
/** Pages of the ESP32 port's `fstor` partition: 256 KB at 0x1c0000. */
export const ESP32_FSTOR_PAGES = 64

/** The board's `fstor` partition: settings and the program. It survives power-off. */
export interface Flash {
    readonly bytes: number
    /** The whole image; in `target` when the flash makes use of that. Not to be changed. */
    load(target?: Uint8Array): Uint8Array
    /** Keeps a copy of `image`; returns how many pages differ from before. */
    save(image: Uint8Array): number
}

const BLANK_PAGE = new Uint8Array(FLASH_PAGE_BYTES).fill(0xff)

/** Flash in memory. Pages are never changed in place, so clones share those that stay equal. */
export class MemoryFlash implements Flash {
    private pages: Uint8Array[]

    constructor(pageCount: number) {
        this.pages = new Array<Uint8Array>(pageCount).fill(BLANK_PAGE)
    }

    get bytes(): number {
        return this.pages.length * FLASH_PAGE_BYTES
    }

    load(target: Uint8Array = new Uint8Array(this.bytes)): Uint8Array {
        this.pages.forEach((page, i) => target.set(page, i * FLASH_PAGE_BYTES))
        return target
    }

    save(image: Uint8Array): number {
        let changed = 0
        for (let i = 0; i < this.pages.length; i++) {
            const now = image.subarray(i * FLASH_PAGE_BYTES, (i + 1) * FLASH_PAGE_BYTES)
            if (Buffer.compare(this.pages[i] as Uint8Array, now) === 0) continue
            this.pages[i] = Uint8Array.from(now)
            changed++
        }
        return changed
    }

    /** A second board's flash with the same content: one provisioned image can seed a whole fleet. */
    clone(): MemoryFlash {
        const copy = new MemoryFlash(0)
        copy.pages = [...this.pages]
        return copy
    }
}

/** Flash in memory, blank (all 0xff). */
export function memoryFlash(pageCount = ESP32_FSTOR_PAGES): MemoryFlash {
    return new MemoryFlash(pageCount)
}

/** Only the owner may read a flash image, because it contains the key of the device. */
const OWNER_ONLY = 0o600

function replaceFile(path: string, image: Uint8Array): void {
    try {
        writeFileAtomic(path, image, OWNER_ONLY)
    } catch (error) {
        throw new VmError("flash", `Cannot write ${path}: ${(error as Error).message}`, error)
    }
}

/** What the file holds, or undefined when there is none. */
function readImage(path: string, bytes: number): Uint8Array | undefined {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat) return undefined
    if (!stat.isFile())
        throw new VmError("flash", `${path} is no file: a board's flash cannot be kept there.`)
    if (stat.size !== bytes)
        throw new VmError(
            "flash",
            `${path} holds ${stat.size} bytes, the board's flash ${bytes}: wrong file or wrong board profile.`
        )
    try {
        return readFileSync(path)
    } catch (error) {
        throw new VmError("flash", `Cannot read ${path}: ${(error as Error).message}`, error)
    }
}

/**
 * Flash in a file, which is made when it is first written, for its owner's eyes; each save replaces it as a whole.
 * @throws VmError `flash`, also of save(), when the file cannot be read or written, or is not of that size
 */
export function fileFlash(path: string, pageCount = ESP32_FSTOR_PAGES): Flash {
    const flash = memoryFlash(pageCount)
    const image = readImage(path, flash.bytes)
    if (image) flash.save(image)
    return {
        bytes: flash.bytes,
        load: target => flash.load(target),
        save(image) {
            const changed = flash.save(image)
            if (changed > 0) replaceFile(path, image)
            return changed
        },
    }
}
