// How far a roll-out is: a run that was stopped goes on where it was.
import { JournalFile } from "@moorage/files"
import type { KnownPlan } from "./rollout-plan-file.js"

/** What has happened, in ms since the epoch. */
export interface RolloutProgress {
    /** When each batch was opened, in order. */
    openedMs: number[]
    /** When each wave was done, in order. */
    doneMs: number[]
}

interface RolloutRecord {
    /** `opened` is a batch's, `done` a wave's. */
    event: "opened" | "done"
    /** Of the batch or wave, from 1. */
    number: number
    utc: string
}

function isLine(value: unknown): value is RolloutRecord {
    const { event, number, utc } = (value ?? {}) as Partial<RolloutRecord>
    const isTime = typeof utc === "string" && !Number.isNaN(Date.parse(utc))
    return (event === "opened" || event === "done") && typeof number === "number" && isTime
}

/** A batch opened or a wave done, a line each. */
export class RolloutState {
    private readonly happened: RolloutProgress = { openedMs: [], doneMs: [] }
    private readonly lines: JournalFile

    /** @throws StateError when the file is there and is not of this plan */
    constructor(
        readonly file: string,
        { plan, sha256 }: KnownPlan
    ) {
        const header = JSON.stringify({ moorage: "rollout", version: 1, plan: sha256 })
        const foreign = (other: string) =>
            other.startsWith('{"moorage":"rollout"')
                ? `${file} is of another plan: that roll-out is under way or over. Name another file with --state, or remove it.`
                : `${file} is no state file of \`moorage rollout run\`: name another one with --state.`
        const { batches, waves } = plan
        this.lines = new JournalFile(file, {
            header,
            mismatchMessage: foreign,
            onRecord: line => this.take(line, batches.length, waves.length),
        })
    }

    get progress(): Readonly<RolloutProgress> {
        return this.happened
    }

    /** Makes the file, unless it is there. @throws StateError */
    begin(): void {
        this.lines.open()
    }

    /** The next batch was opened. @throws StateError when it cannot be written */
    recordBatchOpened(atMs: number): void {
        const { openedMs } = this.happened
        this.add("opened", openedMs.push(atMs), atMs)
    }

    /** The next wave is done. @throws StateError when it cannot be written */
    recordWaveDone(atMs: number): void {
        const { doneMs } = this.happened
        this.add("done", doneMs.push(atMs), atMs)
    }

    private add(event: RolloutRecord["event"], number: number, atMs: number): void {
        const line: RolloutRecord = { event, number, utc: new Date(atMs).toISOString() }
        this.lines.append(line)
    }

    private take(line: unknown, batches: number, waves: number): boolean {
        if (!isLine(line)) return false
        const { openedMs, doneMs } = this.happened
        const [list, max] = line.event === "opened" ? [openedMs, batches] : [doneMs, waves]
        return list.push(Date.parse(line.utc)) === line.number && line.number <= max
    }
}
