import { renameSync, rmSync, writeFileSync } from "node:fs"

/** Takes away what is no use to anybody; where nothing can be, there is nothing to take away. */
function remove(file: string): void {
    try {
        rmSync(file, { force: true })
    } catch {
        // Such as below a path that is no folder.
    }
}

/** Writes a file as a whole: it is there entirely or not at all. @throws what the file system throws */
export function writeFileAtomic(file: string, content: Uint8Array | string, mode?: number): void {
    const unfinished = `${file}.new`
    // What an earlier run left behind, or a link that somebody put there, is not written through.
    remove(unfinished)
    try {
        writeFileSync(unfinished, content, { mode, flag: "wx" })
        renameSync(unfinished, file)
    } catch (error) {
        remove(unfinished)
        throw error
    }
}
