// Append-only files of JSON lines: each step is on disk before the next one starts, so that a stopped run can resume.
import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs"
import { MoorageError, type MoorageErrorOptions } from "@moorage/errors"

/** A journal is damaged, belongs to something else, or cannot be read or written. The message is written for the user. */
export class JournalError extends MoorageError {
    constructor(message: string, options?: MoorageErrorOptions) {
        super("STATE_FILE_INVALID", message, options)
    }
}

export interface JournalOptions {
    /** First line of the file: names the kind of journal, its version and what the journal belongs to. */
    header: string
    /** Returns the error message for an existing file whose first line is `otherHeader`. */
    mismatchMessage: (otherHeader: string) => string
    /** Receives each record of an existing file, in order. @returns whether the record is valid */
    onRecord: (record: unknown) => boolean
}

/** An append-only file with a header line and one JSON record per line. */
export class JournalFile {
    private hasHeader: boolean

    /**
     * Reads the existing records; a missing or empty file is created later, by open() or append().
     * @throws JournalError when the file has another header, is damaged or cannot be read
     */
    constructor(
        readonly file: string,
        private readonly options: JournalOptions
    ) {
        this.hasHeader = existsSync(file) && this.read()
    }

    /**
     * Creates the file when it is missing. An unwritable path is found before any work is done.
     * @throws JournalError when the file cannot be written
     */
    open(): void {
        if (!this.hasHeader) this.appendLine(this.options.header)
        this.hasHeader = true
    }

    /** Adds a record. @throws JournalError when the file cannot be written */
    append(record: object): void {
        this.open()
        this.appendLine(JSON.stringify(record))
    }

    private appendLine(line: string): void {
        try {
            appendFileSync(this.file, `${line}\n`)
        } catch (error) {
            throw new JournalError(`Cannot write ${this.file}: ${(error as Error).message}`, { cause: error })
        }
    }

    /** @returns whether the file has a header */
    private read(): boolean {
        const { header, mismatchMessage, onRecord } = this.options
        const [firstLine, ...lines] = this.readLines()
        if (firstLine === undefined) return false
        if (firstLine !== header) throw new JournalError(mismatchMessage(firstLine))
        for (const [i, line] of lines.entries())
            if (!onRecord(parseJson(line)))
                throw new JournalError(`${this.file} is damaged: line ${i + 2} is not a valid record.`)
        return true
    }

    private readLines(): string[] {
        try {
            let text = readFileSync(this.file, "utf8")
            // The process ended while it wrote the last line. No later step depends on that record.
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

function parseJson(text: string): unknown {
    try {
        return JSON.parse(text)
    } catch {
        return undefined
    }
}
