import { mkdirSync, renameSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { FAILED, UserError } from "./fail.js"

/** What the user is told when a file cannot be had. */
export function cannot(what: string, file: string, error: unknown): UserError {
    return new UserError(`Cannot ${what} ${file}: ${(error as Error).message}`, FAILED, { cause: error })
}

/** Writes a file as a whole: it is there entirely or not at all. @throws UserError */
export function writeWhole(file: string, text: string): void {
    try {
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(`${file}.new`, text)
        renameSync(`${file}.new`, file)
    } catch (error) {
        throw cannot("write", file, error)
    }
}
