// Files that belong together: each is written beside its place first, then all are put there, or none is.
import { createWriteStream } from "node:fs"
import { mkdir, realpath, rename, rm, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { pipeline } from "node:stream/promises"

/** Chunks of at least so many characters: a write a line would take longer than the line. */
const CHUNK_CHARS = 65_536

async function* inChunks(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
    let chunk = ""
    for await (const line of lines) {
        chunk += line
        if (chunk.length < CHUNK_CHARS) continue
        yield chunk
        chunk = ""
    }
    yield chunk
}

export class FileTransaction {
    private readonly waiting: { unfinished: string; file: string }[] = []

    /**
     * Writes a file beside its place.
     * @param mode of a new file, such as 0o600
     * @throws what the file system throws; Error when something else than a file is there
     */
    async write(file: string, text: AsyncIterable<string> | Iterable<string>, mode = 0o666): Promise<void> {
        await mkdir(dirname(file), { recursive: true })
        // A link stays one: what it points to is replaced.
        const place = await realpath(file).catch(() => file)
        // A folder would be known at commit only, and a device be replaced by a file.
        const there = await stat(place).catch(() => undefined)
        if (there && !there.isFile()) throw new Error("there is something that is no file")
        const unfinished = `${place}.new`
        await rm(unfinished, { force: true })
        this.waiting.push({ unfinished, file: place })
        await pipeline(inChunks(text), createWriteStream(unfinished, { mode, flags: "wx" }))
    }

    /** Puts all files in their places. @throws what the file system throws */
    async commit(): Promise<void> {
        for (const { unfinished, file } of this.waiting) await rename(unfinished, file)
        this.waiting.length = 0
    }

    /** Takes away what was written but not committed. */
    async drop(): Promise<void> {
        for (const { unfinished } of this.waiting) await rm(unfinished, { force: true })
        this.waiting.length = 0
    }
}
