// The state file of `moorage reprovision`. A second run reads the file and continues a stopped run.
import { JournalFile } from "@moorage/files"
import {
    isSuccess,
    REPROVISION_RESULTS,
    type ReprovisionOutcome,
    type ReprovisionResult,
} from "./reprovision-outcome.js"

const HEADER = JSON.stringify({ moorage: "reprovision", version: 1 })

/** One line of the file. */
interface ReprovisionRecord {
    id: string
    result: ReprovisionResult
    hub: string | null
    utc: string
}

function isRecord(value: unknown): value is ReprovisionRecord {
    const { id, result } = (value ?? {}) as Partial<ReprovisionRecord>
    return typeof id === "string" && REPROVISION_RESULTS.includes(result as ReprovisionResult)
}

/** Stores one record per outcome. */
export class ReprovisionState {
    private readonly done = new Set<string>()
    private readonly hubs = new Map<string, string>()
    private readonly journal: JournalFile

    /** @throws JournalError if the file exists and is not a state file */
    constructor(file: string) {
        this.journal = new JournalFile(file, {
            header: HEADER,
            mismatchMessage: () =>
                `${file} is not a state file of \`moorage reprovision\`. Use another file name.`,
            onRecord: record => this.restore(record),
        })
    }

    /** Number of devices that have accepted. */
    get doneCount(): number {
        return this.done.size
    }

    /** Returns whether the device has accepted. */
    isDone(id: string): boolean {
        return this.done.has(id)
    }

    /** Returns the last known hub of a device, whose registration record may have been deleted (--force). */
    hubOf(id: string): string | undefined {
        return this.hubs.get(id)
    }

    /** Creates the file, so that a write error is found before any device is called. @throws JournalError */
    begin(): void {
        this.journal.open()
    }

    /** Adds an outcome. @throws JournalError if the file cannot be written */
    add({ id, result, hub }: ReprovisionOutcome, nowMs: number): void {
        const record: ReprovisionRecord = { id, result, hub, utc: new Date(nowMs).toISOString() }
        this.journal.append(record)
    }

    private restore(record: unknown): boolean {
        if (!isRecord(record)) return false
        if (isSuccess(record)) this.done.add(record.id)
        if (typeof record.hub === "string") this.hubs.set(record.id, record.hub)
        return true
    }
}
