// Writes several files so that either all of them change or none does.
import { mkdir, realpath, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { checkReplaceable, type StreamWriteOptions, unfinishedPath, writeUnfinished } from "./atomic-write.js"

/** Minimum length of a chunk. One system call per line would take longer than the rest of the work. */
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

/** Collects the new content of several files; `commit()` replaces all files, `rollback()` changes none. */
export class FileTransaction {
    private readonly pending: { unfinished: string; target: string }[] = []

    /**
     * Writes the new content of a file next to it, and creates the folder when it is missing.
     * When `file` is a symbolic link, the file that the link points to is replaced.
     * @throws Error when `file` exists and is not a regular file; AbortError; errors of the file system
     */
    async write(
        file: string,
        text: AsyncIterable<string> | Iterable<string>,
        options: StreamWriteOptions = {}
    ): Promise<void> {
        await mkdir(dirname(file), { recursive: true })
        const target = await realpath(file).catch(() => file)
        checkReplaceable(target)
        const unfinished = unfinishedPath(target)
        this.pending.push({ unfinished, target })
        await writeUnfinished(unfinished, inChunks(text), options)
    }

    /** Replaces all files by their new content. @throws errors of the file system */
    async commit(): Promise<void> {
        for (const { unfinished, target } of this.pending) await rename(unfinished, target)
        this.pending.length = 0
    }

    /** Removes the content that was written and not committed. */
    async rollback(): Promise<void> {
        for (const { unfinished } of this.pending) await rm(unfinished, { force: true })
        this.pending.length = 0
    }
}
