import { ClassicLevel } from "classic-level"
import type { Snapshot, StateStore } from "./state-store.js"

/** The state in a LevelDB folder. */
export interface DiskState {
    store: StateStore
    /** The content of the folder when it was opened. */
    snapshot: Snapshot
    /** Writes the remaining changes and closes the folder. */
    close(): Promise<void>
}

type Write = { type: "put"; key: string; value: string } | { type: "del"; key: string }

/**
 * Writes changes in batches, one batch at a time. A batch contains all changes that were reported while the previous
 * batch was written. LevelDB passes a batch to the operating system, completely or not at all, before it reports success.
 * A killed process therefore loses no change that was reported as durable.
 */
class DiskStore implements StateStore {
    private changes = new Map<string, () => unknown>()
    private replies: (() => void)[] = []
    private writing: Promise<void> | undefined

    constructor(
        private readonly db: ClassicLevel,
        /** Called once. The store calls no reply after that. */
        private readonly onError: (error: Error) => void
    ) {}

    markChanged(key: string, read: () => unknown): void {
        this.changes.set(key, read)
        this.startWriting()
    }

    whenDurable(reply: () => void): void {
        if (!this.writing && this.changes.size === 0) reply()
        else this.replies.push(reply)
    }

    /** Resolves when all changes are written, or when writing has failed. */
    async flush(): Promise<void> {
        while (this.writing) await this.writing
    }

    private startWriting(): void {
        // Changes that belong together are reported in the same turn of the event loop.
        this.writing ??= Promise.resolve().then(() => this.writeAll())
    }

    private async writeAll(): Promise<void> {
        while (this.changes.size > 0) {
            const { changes, replies } = this
            this.changes = new Map()
            this.replies = []
            try {
                await this.db.batch([...changes].map(([key, read]) => toWrite(key, read())))
            } catch (error) {
                this.onError(error as Error)
                return
            }
            for (const reply of replies) reply()
        }
        this.writing = undefined
        const { replies } = this
        this.replies = []
        for (const reply of replies) reply()
    }
}

function toWrite(key: string, value: unknown): Write {
    return value === undefined ? { type: "del", key } : { type: "put", key, value: JSON.stringify(value) }
}

/**
 * Opens the state in `dir`, and creates the folder if it does not exist.
 * @param onError called when a change cannot be written, for example on a full disk; no reply is called after that
 * @throws Error that names the folder and the reason
 */
export async function openDiskState(dir: string, onError: (error: Error) => void): Promise<DiskState> {
    const db = new ClassicLevel(dir, { keyEncoding: "utf8", valueEncoding: "utf8" })
    const snapshot = new Map<string, unknown>()
    try {
        await db.open()
        for await (const [key, value] of db.iterator()) snapshot.set(key, JSON.parse(value))
    } catch (error) {
        await db.close().catch(() => undefined)
        throw new Error(`Cannot open the emulator's state in ${dir}: ${reason(error as Error)}`, {
            cause: error,
        })
    }
    const store = new DiskStore(db, error => onError(writeError(dir, error)))
    const close = async () => {
        await store.flush()
        await db.close()
    }
    return { store, snapshot, close }
}

function writeError(dir: string, error: Error): Error {
    const message = `Cannot write the emulator's state to ${dir}: ${reason(error)}`
    return new Error(message, { cause: error })
}

function reason(error: Error): string {
    const cause = error.cause instanceof Error ? error.cause : error
    const { code } = cause as NodeJS.ErrnoException
    if (code === "LEVEL_LOCKED")
        return "another emulator uses the folder. Stop that emulator, or choose another folder."
    if (code === "LEVEL_CORRUPTION" || cause instanceof SyntaxError)
        return "the folder is damaged. Move the folder to start with an empty state."
    return `${cause.message}. Check the folder and its disk, or choose another folder.`
}
