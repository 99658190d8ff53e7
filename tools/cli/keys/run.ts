// Runs `moorage keys derive`.
import { createReadStream, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { EXIT_CODES, MoorageError } from "@moorage/errors"
import { writeStreamAtomic } from "@moorage/files"
import { csvLine, deriveKeys, type DeviceKey, FleetError, type IdSource } from "@moorage/fleet"
import { formatElapsed, formatNumber } from "@moorage/report"
import { realClock } from "@moorage/runtime"
import { createInterruptSignal } from "../interrupt.js"
import { OWNER_ONLY, readError, writeError } from "../output-files.js"
import { readGroupKey } from "../secrets.js"
import { usageError } from "../usage-error.js"
import { DEFAULT_COLUMN, type DeriveOptions } from "./derive-options.js"

/** One large write is faster than one write per key. */
const CHUNK_CHARS = 65_536

function idSource(id: string | undefined, { from, column }: DeriveOptions): IdSource {
    if ((id === undefined) === (from === undefined))
        throw usageError("Specify either one ID or --from.", {
            cure: "Use ID, --from FILE, or --from - for the standard input.",
        })
    // The ID is quoted, so that it stays one CSV field.
    if (id !== undefined)
        return {
            input: Readable.from([csvLine([id])]),
            name: "the argument",
            column: "",
            isColumnRequired: false,
        }
    const columns = { column: column ?? DEFAULT_COLUMN, isColumnRequired: column !== undefined }
    if (from === "-") return { input: process.stdin, name: "the standard input", ...columns }
    return { input: createReadStream(from as string), name: from as string, ...columns }
}

/** Yields chunks of output lines, and reports the number of keys at the end. */
async function* outputChunks(keys: AsyncIterable<DeviceKey>, json: boolean, onEnd: (count: number) => void) {
    let lines = json ? "" : csvLine(["registrationId", "key"])
    let count = 0
    for await (const key of keys) {
        lines += json ? `${JSON.stringify(key)}\n` : csvLine([key.registrationId, key.key])
        count++
        if (lines.length < CHUNK_CHARS) continue
        yield lines
        lines = ""
    }
    onEnd(count)
    yield lines
}

async function requiredGroupKey(options: DeriveOptions): Promise<string> {
    const key = await readGroupKey({ ...options, canPrompt: options.from !== "-" })
    if (key !== undefined) return key
    throw usageError("No group key specified.", {
        cure: "With --from -, use --group-key-file FILE or set MOORAGE_GROUP_KEY.",
    })
}

/** Derives the keys. The output appears only when all IDs are valid. @throws MoorageError */
export async function derive(id: string | undefined, options: DeriveOptions): Promise<void> {
    const { out, stdout, json } = options
    if ((out === undefined) === !stdout)
        throw usageError("Specify either --out FILE (created with mode 0600) or --stdout.")
    const source = idSource(id, options)
    const key = await requiredGroupKey(options)
    const signal = createInterruptSignal()
    const startMs = realClock.nowMs()
    const folder = out === undefined ? mkdtempSync(join(tmpdir(), "moorage-keys-")) : undefined
    const target = out ?? join(folder as string, "keys")
    let count = 0
    try {
        const chunks = outputChunks(deriveKeys(source, key), json, total => (count = total))
        await writeStreamAtomic(target, chunks, { mode: OWNER_ONLY, signal })
        if (out === undefined) await pipeline(createReadStream(target), process.stdout, { end: false })
    } catch (error) {
        if (!signal.aborted) throw deriveError(error, source, out ?? "the standard output")
        process.stderr.write("Interrupted: nothing was written.\n")
        process.exitCode = EXIT_CODES.interrupted
        return
    } finally {
        if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    }
    if (out === undefined) return
    const elapsed = formatElapsed((realClock.nowMs() - startMs) / 1000)
    process.stderr.write(`${formatNumber(count)} keys in ${out} (mode 0600), in ${elapsed}.\n`)
}

/** Returns the error for the input or for the output, whichever failed. */
function deriveError(error: unknown, source: IdSource, out: string): MoorageError {
    if (error instanceof FleetError)
        return new MoorageError(error.code, `${error.message}\nNothing was written.`, { cause: error })
    const { path, syscall } = error as NodeJS.ErrnoException
    const isReading = path === source.name || syscall === "read"
    return isReading ? readError(source.name, error) : writeError(out, error)
}
