import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { FAILED, UserError } from "./fail.js"

/** What the user is told when a file cannot be had. */
export function cannot(what: string, file: string, error: unknown): UserError {
    return new UserError(`Cannot ${what} ${file}: ${(error as Error).message}`, FAILED, { cause: error })
}

/** For files with secrets: only their owner reads them. */
export const OWNER_ONLY = 0o600

/** Takes away what is no use to anybody; where nothing can be, there is nothing to take away. */
function remove(file: string): void {
    try {
        rmSync(file, { force: true })
    } catch {
        // Such as below a path that is no folder.
    }
}

/** Writes a file as a whole: it is there entirely or not at all. @throws UserError */
export function writeWhole(file: string, text: string, mode?: number): void {
    const unfinished = `${file}.new`
    try {
        const there = statSync(file, { throwIfNoEntry: false })
        if (there && !there.isFile()) throw new Error("it is there, and no file")
        mkdirSync(dirname(file), { recursive: true })
        // What an earlier run left behind, or a link that somebody put there, is not written through.
        remove(unfinished)
        writeFileSync(unfinished, text, { mode, flag: "wx" })
        renameSync(unfinished, file)
    } catch (error) {
        remove(unfinished)
        throw cannot("write", file, error)
    }
}
