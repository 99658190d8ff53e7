// What `moorage keys derive` does.
import { createReadStream, createWriteStream, mkdtempSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { IdSource } from "@moorage/fleet"
import { deriveKeys, type DeviceKey } from "@moorage/fleet"
import { FleetError } from "@moorage/fleet"
import { csvLine } from "@moorage/fleet"
import { realClock } from "@moorage/runtime"
import { UserError, WRONG_USAGE } from "../user-error.js"
import { ioError } from "../output-files.js"
import { INTERRUPTED, interruption } from "../interrupt.js"
import { groupKey } from "../secrets.js"
import { formatElapsed, formatNumber } from "@moorage/report"

export interface DeriveOptions {
    from?: string
    column?: string
    groupKeyFile?: string
    out?: string
    stdout: boolean
    json: boolean
}

const OWNER_FILE = 0o600

function sourceOf(id: string | undefined, { from, column }: DeriveOptions): IdSource {
    if ((id === undefined) === (from === undefined))
        throw new UserError(
            "Which IDs? Give one ID, or --from FILE, or --from - for the standard input.",
            WRONG_USAGE
        )
    // An ID is one field, whatever is in it.
    if (id !== undefined)
        return {
            input: Readable.from([csvLine([id])]),
            name: "the argument",
            column: "",
            columnRequired: false,
        }
    const columns = { column: column ?? "registrationId", columnRequired: column !== undefined }
    if (from === "-") return { input: process.stdin, name: "the standard input", ...columns }
    return { input: createReadStream(from as string), name: from as string, ...columns }
}

/** Lines of the output, some at a time: a write a key would take longer than the key. */
async function* linesOf(keys: AsyncIterable<DeviceKey>, json: boolean, count: (n: number) => void) {
    let lines = json ? "" : csvLine(["registrationId", "key"])
    let n = 0
    for await (const key of keys) {
        lines += json ? `${JSON.stringify(key)}\n` : csvLine([key.registrationId, key.key])
        n++
        if (lines.length < 65_536) continue
        yield lines
        lines = ""
    }
    count(n)
    yield lines
}

/** Derives the keys, and lets them be seen only when no ID was wrong. @throws UserError */
export async function derive(id: string | undefined, options: DeriveOptions): Promise<void> {
    const { out, stdout, json } = options
    if ((out === undefined) === !stdout)
        throw new UserError("Where to? Give --out FILE (only you may read it), or --stdout.", WRONG_USAGE)
    const source = sourceOf(id, options)
    const key = await groupKey({ ...options, mayAsk: options.from !== "-" })
    if (key === undefined)
        throw new UserError(
            "There is no group key: with --from - give --group-key-file FILE, or set MOORAGE_GROUP_KEY.",
            WRONG_USAGE
        )
    const signal = interruption()
    const startMs = realClock.nowMs()
    const folder = out === undefined ? mkdtempSync(join(tmpdir(), "moorage-keys-")) : undefined
    const unfinished = out === undefined ? join(folder as string, "keys") : `${out}.new`
    const remove = () => rmSync(folder ?? unfinished, { recursive: true, force: true })
    let count = 0
    try {
        rmSync(unfinished, { force: true })
        const file = createWriteStream(unfinished, { mode: OWNER_FILE, flags: "wx" })
        const lines = linesOf(deriveKeys(source, key), json, n => (count = n))
        await pipeline(Readable.from(lines), file, { signal })
        if (out === undefined) await pipeline(createReadStream(unfinished), process.stdout, { end: false })
        else renameSync(unfinished, out)
    } catch (error) {
        remove()
        if (signal.aborted) process.stderr.write("Interrupted: nothing was written.\n")
        else if (error instanceof FleetError)
            throw new UserError(`${error.message}\nNothing was written.`, WRONG_USAGE, { cause: error })
        else throw failure(error, source, out ?? "the standard output")
        process.exitCode = INTERRUPTED
        return
    }
    remove()
    if (out === undefined) return
    const tookSec = (realClock.nowMs() - startMs) / 1000
    process.stderr.write(
        `${formatNumber(count)} keys in ${out}, in ${formatElapsed(tookSec)}; only you may read it.\n`
    )
}

/** Whether it was the reading or the writing, by the file that the error names. */
function failure(error: unknown, source: IdSource, out: string): UserError {
    const { path, syscall } = error as NodeJS.ErrnoException
    const reading = path === source.name || syscall === "read"
    return reading ? ioError("read", source.name, error) : ioError("write", out, error)
}
