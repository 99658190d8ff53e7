// The flash of a board: memory or a file, the settings store in it, and power cuts inside a write.
import { readFileSync, statSync } from "node:fs"
import { writeFileAtomic } from "@moorage/files"
import { VmError } from "../vm-error.js"

/** Size of a flash page, the smallest unit that can be erased. */
export const FLASH_PAGE_BYTES = 4096
/** Pages of the partition `fstor` on ESP32: 256 KB at 0x1c0000. */
export const ESP32_FSTOR_PAGES = 64

/** The partition `fstor` of a board, which holds settings and the program. It keeps its content without power. */
export interface Flash {
    /** Size of the partition. */
    readonly bytes: number
    /** Returns the whole image, which the caller must not change. The flash may write it to `target` and return that. */
    load(target?: Uint8Array): Uint8Array
    /** Stores a copy of `image`. @returns the number of changed pages */
    save(image: Uint8Array): number
}

const BLANK_PAGE = new Uint8Array(FLASH_PAGE_BYTES).fill(0xff)

/** Flash in memory. A page is replaced and never changed in place, so clones share equal pages. */
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

    /** Returns a flash with the same content for another board. A whole fleet can start from one image. */
    clone(): MemoryFlash {
        const copy = new MemoryFlash(0)
        copy.pages = [...this.pages]
        return copy
    }
}

/** Returns a blank flash in memory (all bytes 0xff). */
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

/** Returns the content of the file, or undefined when the file does not exist. */
function readImage(path: string, bytes: number): Uint8Array | undefined {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat) return undefined
    if (!stat.isFile())
        throw new VmError("flash", `${path} is not a regular file and cannot hold the flash of a board.`)
    if (stat.size !== bytes)
        throw new VmError(
            "flash",
            `${path} has ${stat.size} bytes, but the flash of the board has ${bytes}. Check the file and the board profile.`
        )
    try {
        return readFileSync(path)
    } catch (error) {
        throw new VmError("flash", `Cannot read ${path}: ${(error as Error).message}`, error)
    }
}

/**
 * Returns a flash in a file with mode 0600. The first save() creates the file, and each save() replaces it in one step.
 * @throws VmError `flash`, in save() too, when the file cannot be read or written, or has another size
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
