import { ClassicLevel } from "classic-level"
import type { Snapshot, StateStore } from "./state-store.js"

/** State in a LevelDB folder. */
export interface DiskState {
    store: StateStore
    /** What the folder held when it was opened. */
    snapshot: Snapshot
    /** Writes what is left and closes the folder. */
    close(): Promise<void>
}

type Write = { type: "put"; key: string; value: string } | { type: "del"; key: string }

/**
 * Writes changes in batches, one at a time: a batch takes all that changed while the one before was written.
 * LevelDB hands each batch to the operating system before it says that it is done, whole or not at all, so
 * that a killed process loses nothing that was waited for.
 */
class DiskStore implements StateStore {
    private changes = new Map<string, () => unknown>()
    private answers: (() => void)[] = []
    private writing: Promise<void> | undefined

    constructor(
        private readonly db: ClassicLevel,
        /** Told once; from then on nothing is answered any more. */
        private readonly failed: (error: Error) => void
    ) {}

    markChanged(key: string, read: () => unknown): void {
        this.changes.set(key, read)
        this.start()
    }

    whenDurable(answer: () => void): void {
        if (!this.writing && this.changes.size === 0) answer()
        else this.answers.push(answer)
    }

    /** Resolves when all that has changed is written, or writing has failed. */
    async idle(): Promise<void> {
        while (this.writing) await this.writing
    }

    private start(): void {
        // The turn that makes the first change makes the others that belong to it.
        this.writing ??= Promise.resolve().then(() => this.writeAll())
    }

    private async writeAll(): Promise<void> {
        while (this.changes.size > 0) {
            const { changes, answers } = this
            this.changes = new Map()
            this.answers = []
            try {
                await this.db.batch([...changes].map(([key, read]) => toWrite(key, read())))
            } catch (error) {
                this.failed(error as Error)
                return
            }
            for (const answer of answers) answer()
        }
        this.writing = undefined
        const { answers } = this
        this.answers = []
        for (const answer of answers) answer()
    }
}

function toWrite(key: string, value: unknown): Write {
    return value === undefined ? { type: "del", key } : { type: "put", key, value: JSON.stringify(value) }
}

/**
 * Opens the state in `dir`, making the folder when there is none.
 * @param failed told when a change cannot be written, such as on a full disk; nothing is answered after that
 * @throws Error saying what is wrong with the folder
 */
export async function openDiskState(dir: string, failed: (error: Error) => void): Promise<DiskState> {
    const db = new ClassicLevel(dir, { keyEncoding: "utf8", valueEncoding: "utf8" })
    const kept = new Map<string, unknown>()
    try {
        await db.open()
        for await (const [key, value] of db.iterator()) kept.set(key, JSON.parse(value))
    } catch (error) {
        await db.close().catch(() => undefined)
        throw new Error(`Cannot use ${dir} for the emulator's state: ${reason(error as Error)}`, {
            cause: error,
        })
    }
    const keeper = new DiskStore(db, error => failed(writeError(dir, error)))
    const close = async () => {
        await keeper.idle()
        await db.close()
    }
    return { store: keeper, snapshot: kept, close }
}

function writeError(dir: string, error: Error): Error {
    const message = `Cannot write the emulator's state to ${dir}: ${reason(error)}`
    return new Error(message, { cause: error })
}

function reason(error: Error): string {
    const cause = error.cause instanceof Error ? error.cause : error
    const { code } = cause as NodeJS.ErrnoException
    if (code === "LEVEL_LOCKED") return "another emulator uses it. Stop that one, or choose another folder."
    if (code === "LEVEL_CORRUPTION" || cause instanceof SyntaxError)
        return "it is damaged. Move it away to start with a new one."
    return `${cause.message}. Check the folder and its disk, or choose another.`
}
