import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ioError } from "../output-files.js"

/**
 * Writes the CA that clients must trust: to `file`, or to a temporary one.
 * @returns where it is, and what takes a temporary one away again
 * @throws UserError
 */
export function writeCa(ca: string, file?: string): { caFile: string; remove: () => void } {
    const dir = file === undefined ? mkdtempSync(join(tmpdir(), "moorage-")) : undefined
    const caFile = file ?? join(dir as string, "ca.pem")
    try {
        writeFileSync(caFile, ca)
    } catch (error) {
        throw ioError("write the CA to", caFile, error)
    }
    return { caFile, remove: () => dir && rmSync(dir, { recursive: true, force: true }) }
}
