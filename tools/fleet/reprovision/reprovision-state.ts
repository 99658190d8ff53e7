// What was done: a run that was stopped goes on where it was.
import { JournalFile } from "@moorage/files"
import {
    isSuccess,
    type ReprovisionOutcome,
    type ReprovisionResult,
    REPROVISION_RESULTS,
} from "./reprovision-outcome.js"

const HEADER = JSON.stringify({ moorage: "reprovision", version: 1 })

/** One line of the file. */
interface ReprovisionRecord {
    id: string
    result: ReprovisionResult
    hub: string | null
    utc: string
}

function isLine(value: unknown): value is ReprovisionRecord {
    const { id, result } = (value ?? {}) as Partial<ReprovisionRecord>
    return typeof id === "string" && REPROVISION_RESULTS.includes(result as ReprovisionResult)
}

/** An outcome a line. */
export class ReprovisionState {
    private readonly done = new Set<string>()
    private readonly hubs = new Map<string, string>()
    private readonly lines: JournalFile

    /** @throws StateError when the file is there and is none of ours */
    constructor(file: string) {
        const foreign = () => `${file} is no state file of \`moorage reprovision\`: name another one.`
        this.lines = new JournalFile(file, {
            header: HEADER,
            mismatchMessage: foreign,
            onRecord: line => this.take(line),
        })
    }

    /** Devices that accepted in an earlier run. */
    get doneCount(): number {
        return this.done.size
    }

    isDone(id: string): boolean {
        return this.done.has(id)
    }

    /** The hub that a device was on: with --force its record may be gone. */
    hubOf(id: string): string | undefined {
        return this.hubs.get(id)
    }

    /** Makes the file, so that one that cannot be written is known before anybody is asked. @throws StateError */
    begin(): void {
        this.lines.open()
    }

    /** @throws StateError when it cannot be written */
    add({ id, result, hub }: ReprovisionOutcome, nowMs: number): void {
        const line: ReprovisionRecord = { id, result, hub, utc: new Date(nowMs).toISOString() }
        this.lines.append(line)
    }

    private take(line: unknown): boolean {
        if (!isLine(line)) return false
        if (isSuccess(line)) this.done.add(line.id)
        if (typeof line.hub === "string") this.hubs.set(line.id, line.hub)
        return true
    }
}
