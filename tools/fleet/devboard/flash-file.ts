// Stores the flash of a board in a file of the user. A file with other content is never overwritten.
import { existsSync } from "node:fs"
import { dirname } from "node:path"
import { type BoardProfile, fileFlash, type Flash, hasStore, memoryFlash, readProgram } from "@moorage/vm"
import { DevBoardError } from "./dev-board-error.js"

/** Value of each byte of erased flash. */
const ERASED = 0xff

/** Sets all bytes of the flash to the erased value, as in a new chip. */
export function eraseFlash(flash: Flash): void {
    flash.save(new Uint8Array(flash.bytes).fill(ERASED))
}

/** Returns whether all bytes of the flash are erased. */
export function isBlank(flash: Flash): boolean {
    return flash.load().every(byte => byte === ERASED)
}

/**
 * Returns the flash that `file` stores, or a flash in memory if there is no file name.
 * @param isErased whether to erase the stored flash first
 * @throws DevBoardError, VmError if the file is not the flash of such a board, or if the flash has lost its program
 */
export function openFlash(file: string | undefined, { fstorPages }: BoardProfile, isErased: boolean): Flash {
    if (file === undefined) return memoryFlash(fstorPages)
    const folder = dirname(file)
    // With "/." the check fails also if the path names a file.
    if (!existsSync(`${folder}/.`))
        throw new DevBoardError(`Cannot write ${file}: the folder ${folder} does not exist.`)
    const flash = fileFlash(file, fstorPages)
    if (isBlank(flash)) return flash
    if (!hasStore(flash)) throw new DevBoardError(`${file} is not a board flash image and stays unchanged.`)
    if (isErased) eraseFlash(flash)
    else if (!readProgram(flash))
        throw new DevBoardError(
            `The flash in ${file} has no program, as after a power failure during a write (docs/internals/flash.md). ` +
                "The board cannot start. Use --erase to flash it again."
        )
    return flash
}
