import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { writeError } from "../output-files.js"

/**
 * Writes the CA certificate that clients must trust, to `file` or to a temporary file.
 * @returns the path, and a function that removes a temporary file
 * @throws MoorageError FILE_NOT_WRITABLE
 */
export function writeCaFile(ca: string, file?: string): { caFile: string; remove: () => void } {
    const folder = file === undefined ? mkdtempSync(join(tmpdir(), "moorage-")) : undefined
    const caFile = file ?? join(folder as string, "ca.pem")
    try {
        writeFileSync(caFile, ca)
    } catch (error) {
        throw writeError(caFile, error)
    }
    return { caFile, remove: () => folder && rmSync(folder, { recursive: true, force: true }) }
}
