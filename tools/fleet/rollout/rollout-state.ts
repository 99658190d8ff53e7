// The state file of a roll-out. A second run reads the file and continues a stopped run.
import { JournalFile } from "@moorage/files"
import type { LoadedPlan } from "./rollout-plan-file.js"

/** Times in ms since the epoch. */
export interface RolloutProgress {
    /** Time when each batch was opened, in order. */
    openedMs: number[]
    /** Time when each wave was done, in order. */
    doneMs: number[]
}

/** One line of the file. */
interface RolloutRecord {
    /** `opened`: a batch was opened; `done`: a wave was done. */
    event: "opened" | "done"
    /** Number of the batch or of the wave, from 1. */
    number: number
    utc: string
}

function isRecord(value: unknown): value is RolloutRecord {
    const { event, number, utc } = (value ?? {}) as Partial<RolloutRecord>
    const isTime = typeof utc === "string" && !Number.isNaN(Date.parse(utc))
    return (event === "opened" || event === "done") && typeof number === "number" && isTime
}

/** Stores one record for each open batch and for each wave that is done. */
export class RolloutState {
    private readonly current: RolloutProgress = { openedMs: [], doneMs: [] }
    private readonly journal: JournalFile

    /** @throws JournalError if the file exists and belongs to another plan or is not a state file */
    constructor(
        readonly file: string,
        private readonly known: LoadedPlan
    ) {
        const header = JSON.stringify({ moorage: "rollout", version: 1, plan: known.sha256 })
        const mismatchMessage = (otherHeader: string) =>
            otherHeader.startsWith('{"moorage":"rollout"')
                ? `${file} belongs to another plan, whose roll-out is in progress or done. Use another file with --state, or remove the file.`
                : `${file} is not a state file of \`moorage rollout run\`. Use another file with --state.`
        this.journal = new JournalFile(file, {
            header,
            mismatchMessage,
            onRecord: record => this.restore(record),
        })
    }

    get progress(): Readonly<RolloutProgress> {
        return this.current
    }

    /** Creates the file if it does not exist. @throws JournalError if it cannot be written */
    begin(): void {
        this.journal.open()
    }

    /** Records that the next batch was opened. @throws JournalError if the file cannot be written */
    recordBatchOpened(nowMs: number): void {
        this.append("opened", this.current.openedMs.push(nowMs), nowMs)
    }

    /** Records that the current wave is done. @throws JournalError if the file cannot be written */
    recordWaveDone(nowMs: number): void {
        this.append("done", this.current.doneMs.push(nowMs), nowMs)
    }

    private append(event: RolloutRecord["event"], number: number, nowMs: number): void {
        const record: RolloutRecord = { event, number, utc: new Date(nowMs).toISOString() }
        this.journal.append(record)
    }

    private restore(record: unknown): boolean {
        if (!isRecord(record)) return false
        const { openedMs, doneMs } = this.current
        const { batches, waves } = this.known.plan
        const [times, max] = record.event === "opened" ? [openedMs, batches.length] : [doneMs, waves.length]
        return times.push(Date.parse(record.utc)) === record.number && record.number <= max
    }
}
