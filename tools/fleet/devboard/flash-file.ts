// A board's flash as a file of the user's: taken only when it is one, so that nothing of theirs is written over.
import { existsSync } from "node:fs"
import { dirname } from "node:path"
import { type BoardProfile, fileFlash, type Flash, hasStore, memoryFlash, readProgram } from "@moorage/vm"
import { DevBoardError } from "./dev-board-error.js"

const ERASED = 0xff

/** The flash as it comes from a factory. */
export function eraseFlash(flash: Flash): void {
    flash.save(new Uint8Array(flash.bytes).fill(ERASED))
}

export function isBlank(flash: Flash): boolean {
    return flash.load().every(byte => byte === ERASED)
}

/**
 * The flash in `file`, or in memory without one.
 * @param isErased whether it is to be blank, whatever the board stored there before
 * @throws DeskError, VmError when the file is no flash of such a board, or of one that has lost its program
 */
export function openFlash(file: string | undefined, { fstorPages }: BoardProfile, isErased: boolean): Flash {
    if (file === undefined) return memoryFlash(fstorPages)
    // A file in the folder's place has no such entry.
    if (!existsSync(`${dirname(file)}/.`))
        throw new DevBoardError(`Cannot write ${file}: there is no folder ${dirname(file)}.`)
    const flash = fileFlash(file, fstorPages)
    if (isBlank(flash)) return flash
    if (!hasStore(flash)) throw new DevBoardError(`${file} is no board's flash: it is left as it is.`)
    if (isErased) eraseFlash(flash)
    else if (!readProgram(flash))
        throw new DevBoardError(
            `The flash in ${file} has lost its program, as after a power cut inside a write (docs/internals/flash.md): the board ` +
                "would stay dark. --erase flashes it anew."
        )
    return flash
}
