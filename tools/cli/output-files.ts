import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { MoorageError } from "@moorage/errors"
import { writeFileAtomic } from "@moorage/files"

const messageOf = (error: unknown) => (error as Error).message

/** Returns the error for a file that cannot be read. */
export function readError(file: string, error: unknown): MoorageError {
    return new MoorageError("FILE_NOT_READABLE", `Cannot read ${file}: ${messageOf(error)}`, { cause: error })
}

/** Returns the error for a file that cannot be written. */
export function writeError(file: string, error: unknown): MoorageError {
    return new MoorageError("FILE_NOT_WRITABLE", `Cannot write ${file}: ${messageOf(error)}`, {
        cause: error,
    })
}

/** Mode of files with secrets: only their owner can read them. */
export const OWNER_ONLY = 0o600

/** Writes a file atomically and creates missing parent folders. @throws MoorageError FILE_NOT_WRITABLE */
export function writeOutputFile(file: string, text: string, mode?: number): void {
    try {
        mkdirSync(dirname(file), { recursive: true })
        writeFileAtomic(file, text, mode)
    } catch (error) {
        throw writeError(file, error)
    }
}
