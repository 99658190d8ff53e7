import { createWriteStream, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { rename } from "node:fs/promises"
import { pipeline } from "node:stream/promises"

/** Returns the path where the new content of `file` is collected before it replaces `file`. */
export function unfinishedPath(file: string): string {
    return `${file}.new`
}

/**
 * Checks that `file` is missing or a regular file. A rename would replace a device, and would fail on a folder only
 * after the content was written.
 * @throws Error when something else has that name
 */
export function checkReplaceable(file: string): void {
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat && !stat.isFile()) throw new Error("it exists and is not a regular file")
}

function removeIfPossible(file: string): void {
    try {
        rmSync(file, { force: true })
    } catch {
        // The path leads through something that is not a folder. The write reports that error.
    }
}

/**
 * Replaces a file in one step: a reader sees the old content or the new content, never a part of it.
 * A symbolic link is replaced, not followed.
 * @param mode permissions of the new file, for example 0o600 (default: 0o666 less the umask)
 * @throws Error when `file` exists and is not a regular file; errors of the file system
 */
export function writeFileAtomic(file: string, content: Uint8Array | string, mode?: number): void {
    const unfinished = unfinishedPath(file)
    checkReplaceable(file)
    // The exclusive creation below must not write through a leftover of a crashed run, or through a planted link.
    removeIfPossible(unfinished)
    try {
        writeFileSync(unfinished, content, { mode, flag: "wx" })
        renameSync(unfinished, file)
    } catch (error) {
        removeIfPossible(unfinished)
        throw error
    }
}

export interface StreamWriteOptions {
    /** Permissions of the new file, for example 0o600 (default: 0o666 less the umask). */
    mode?: number
    /** Stops the write. */
    signal?: AbortSignal
}

/** Writes a stream to a new file that replaces a leftover of a crashed run. */
export async function writeUnfinished(
    unfinished: string,
    text: AsyncIterable<string>,
    { mode, signal }: StreamWriteOptions
): Promise<void> {
    // Synchronous, so that the stream has a reader before it can fail.
    removeIfPossible(unfinished)
    await pipeline(text, createWriteStream(unfinished, { mode, flags: "wx" }), { signal })
}

/**
 * Replaces a file by the content of a stream, as writeFileAtomic() does.
 * @throws Error when `file` exists and is not a regular file; AbortError; errors of the stream and of the file system
 */
export async function writeStreamAtomic(
    file: string,
    text: AsyncIterable<string>,
    options: StreamWriteOptions = {}
): Promise<void> {
    const unfinished = unfinishedPath(file)
    checkReplaceable(file)
    try {
        await writeUnfinished(unfinished, text, options)
        await rename(unfinished, file)
    } catch (error) {
        removeIfPossible(unfinished)
        throw error
    }
}
