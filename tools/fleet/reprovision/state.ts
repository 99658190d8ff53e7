// What was done, kept on disk as it is done: a run that was stopped goes on where it was.
import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs"
import { isGood, type Outcome, type Result, RESULTS } from "./outcome.js"

/** The state file is none, or cannot be read or written. */
export class StateError extends Error {}

const HEADER = JSON.stringify({ moorage: "reprovision", version: 1 })

/** One line of the file. */
interface Line {
    id: string
    result: Result
    hub: string | null
    utc: string
}

function isLine(value: Partial<Line>): value is Line {
    return typeof value?.id === "string" && RESULTS.includes(value.result as Result)
}

/** A file of JSON lines that only grows: an outcome a line. */
export class StateFile {
    private readonly done = new Set<string>()
    private readonly hubs = new Map<string, string>()
    private isNew: boolean

    /** @throws StateError when the file is there and is none of ours */
    constructor(readonly file: string) {
        this.isNew = !existsSync(file)
        if (!this.isNew) this.read()
    }

    /** Devices that accepted in an earlier run. */
    get doneBefore(): number {
        return this.done.size
    }

    isDone(id: string): boolean {
        return this.done.has(id)
    }

    /** The hub that a device was on: with --force its record may be gone. */
    hubOf(id: string): string | undefined {
        return this.hubs.get(id)
    }

    /** @throws StateError when it cannot be written */
    add({ id, result, hub }: Outcome, nowMs: number): void {
        const line: Line = { id, result, hub, utc: new Date(nowMs).toISOString() }
        const text = `${this.isNew ? `${HEADER}\n` : ""}${JSON.stringify(line)}\n`
        try {
            appendFileSync(this.file, text)
        } catch (error) {
            throw new StateError(`Cannot write ${this.file}: ${(error as Error).message}`, { cause: error })
        }
        this.isNew = false
    }

    private read(): void {
        let text: string
        try {
            text = readFileSync(this.file, "utf8")
            // A line without its end was cut short when the process was: what it told is not known.
            const end = text.lastIndexOf("\n") + 1
            if (end < text.length) {
                truncateSync(this.file, Buffer.byteLength(text.slice(0, end)))
                text = text.slice(0, end)
            }
        } catch (error) {
            throw new StateError(`Cannot use ${this.file}: ${(error as Error).message}`, { cause: error })
        }
        const [header, ...lines] = text.split("\n").slice(0, -1)
        if (header === undefined) this.isNew = true
        else if (header !== HEADER)
            throw new StateError(
                `${this.file} is no state file of \`moorage reprovision\`: name another one.`
            )
        for (const [i, line] of lines.entries()) this.take(line, i + 2)
    }

    private take(text: string, number: number): void {
        let line: Partial<Line> = {}
        try {
            line = JSON.parse(text) as Partial<Line>
        } catch {
            // Said below.
        }
        if (!isLine(line)) throw new StateError(`${this.file}, line ${number}: it is damaged.`)
        if (isGood(line)) this.done.add(line.id)
        if (typeof line.hub === "string") this.hubs.set(line.id, line.hub)
    }
}
