import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { VmError } from "./errors.js"

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

/** Flash in a file, which is made when it is first written; each save replaces the file as a whole. */
export function fileFlash(path: string, pageCount = ESP32_FSTOR_PAGES): Flash {
    const flash = memoryFlash(pageCount)
    if (existsSync(path)) {
        const image = readFileSync(path)
        if (image.length !== flash.bytes) {
            throw new VmError(
                "flash",
                `${path} holds ${image.length} bytes, the board's flash ${flash.bytes}: wrong file or wrong board profile.`
            )
        }
        flash.save(image)
    }
    return {
        bytes: flash.bytes,
        load: target => flash.load(target),
        save(image) {
            const changed = flash.save(image)
            if (changed > 0) {
                writeFileSync(`${path}.new`, image)
                renameSync(`${path}.new`, path)
            }
            return changed
        },
    }
}
