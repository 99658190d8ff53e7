import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { FAILED, UserError } from "./fail.js"

/** What the user is told when a file cannot be had. */
export function cannot(what: string, file: string, error: unknown): UserError {
    return new UserError(`Cannot ${what} ${file}: ${(error as Error).message}`, FAILED, { cause: error })
}

/** For files with secrets: only their owner reads them. */
export const OWNER_ONLY = 0o600

/** Writes a file as a whole: it is there entirely or not at all. @throws UserError */
export function writeWhole(file: string, text: string, mode?: number): void {
    const unfinished = `${file}.new`
    try {
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(unfinished, text, { mode })
        renameSync(unfinished, file)
    } catch (error) {
        rmSync(unfinished, { force: true })
        throw cannot("write", file, error)
    }
}
