import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { writeFileAtomic as write } from "@moorage/files"
import { FAILED, UserError } from "./user-error.js"

/** What the user is told when a file cannot be had. */
export function ioError(what: string, file: string, error: unknown): UserError {
    return new UserError(`Cannot ${what} ${file}: ${(error as Error).message}`, FAILED, { cause: error })
}

/** For files with secrets: only their owner reads them. */
export const OWNER_ONLY = 0o600

/** Writes a file of the user's as a whole, and the folders that it is to be in. @throws UserError */
export function writeOutputFile(file: string, text: string, mode?: number): void {
    try {
        mkdirSync(dirname(file), { recursive: true })
        write(file, text, mode)
    } catch (error) {
        throw ioError("write", file, error)
    }
}
