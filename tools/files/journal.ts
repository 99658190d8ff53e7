// A file of JSON lines that only grows: what was done, kept on disk as it is done.
import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs"

/** A state file is none, or cannot be read or written. */
export class JournalError extends Error {}

export class JournalFile {
    private isNew: boolean

    /**
     * @param header first line of the file
     * @param foreign what to say of a file with another one
     * @param take gets each line that is there; false when it is none
     * @throws StateError
     */
    constructor(
        readonly file: string,
        private readonly header: string,
        foreign: (header: string) => string,
        take: (line: unknown) => boolean
    ) {
        this.isNew = !existsSync(file)
        if (!this.isNew) this.read(foreign, take)
    }

    /** Makes the file, unless it is there: what cannot be written is known before anything is done. @throws StateError */
    begin(): void {
        if (this.isNew) this.append(this.header)
        this.isNew = false
    }

    /** @throws StateError when it cannot be written */
    add(line: object): void {
        this.begin()
        this.append(JSON.stringify(line))
    }

    private append(line: string): void {
        try {
            appendFileSync(this.file, `${line}\n`)
        } catch (error) {
            throw new JournalError(`Cannot write ${this.file}: ${(error as Error).message}`, { cause: error })
        }
    }

    private read(foreign: (header: string) => string, take: (line: unknown) => boolean): void {
        const [header, ...lines] = this.wholeLines()
        if (header === undefined) this.isNew = true
        else if (header !== this.header) throw new JournalError(foreign(header))
        for (const [i, line] of lines.entries())
            if (!take(parsed(line))) throw new JournalError(`${this.file}, line ${i + 2}: it is damaged.`)
    }

    private wholeLines(): string[] {
        try {
            let text = readFileSync(this.file, "utf8")
            // A line without its end was cut short when the process was: what it told is not known.
            const end = text.lastIndexOf("\n") + 1
            if (end < text.length) {
                text = text.slice(0, end)
                truncateSync(this.file, Buffer.byteLength(text))
            }
            return text.split("\n").slice(0, -1)
        } catch (error) {
            throw new JournalError(`Cannot use ${this.file}: ${(error as Error).message}`, { cause: error })
        }
    }
}

function parsed(text: string): unknown {
    try {
        return JSON.parse(text)
    } catch {
        return undefined
    }
}
