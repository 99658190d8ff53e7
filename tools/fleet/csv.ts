// CSV (RFC 4180) as a stream of records, with the line of each.
import { open } from "node:fs/promises"
import type { Readable } from "node:stream"
import { CsvError, parse } from "csv-parse"
import { FleetError } from "./input-issues.js"

export interface CsvRecord {
    /** Where it ends in the file, from 1. */
    line: number
    fields: string[]
}

const MARK = "\ufeff"
/** A line longer than that is no line of a fleet's. */
const RECORD_MAX_BYTES = 65_536

/**
 * The records of a CSV text, blank lines left out.
 * @param source of the text, for the message
 * @throws FleetError when it is no CSV
 */
export async function* csvRecords(input: Readable, source: string): AsyncGenerator<CsvRecord> {
    const parser = parse({
        bom: true,
        info: true,
        max_record_size: RECORD_MAX_BYTES,
        relax_column_count: true,
        skip_empty_lines: true,
        trim: true,
    })
    input.on("error", error => parser.destroy(error))
    input.pipe(parser)
    try {
        for await (const { record, info } of parser as AsyncIterable<{
            record: string[]
            info: { lines: number }
        }>)
            yield { line: info.lines, fields: record }
    } catch (error) {
        if (!(error instanceof CsvError)) throw error
        const line = typeof error.lines === "number" ? error.lines : 1
        // Its own message quotes the field, which may be a key.
        throw new FleetError(source, [{ line, text: `is no CSV (${error.code})` }])
    } finally {
        input.destroy()
    }
}

/** How a CSV file is written, beside its fields: a spreadsheet takes one without its mark for another character set. */
export interface CsvForm {
    /** The byte order mark at its start, if it has one. */
    mark: string
    lineEnd: string
}

/** @throws what the file system throws */
export async function csvFormOf(file: string): Promise<CsvForm> {
    const handle = await open(file)
    try {
        const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(RECORD_MAX_BYTES) })
        const text = buffer.toString("utf8", 0, bytesRead)
        return { mark: text.startsWith(MARK) ? MARK : "", lineEnd: /\r?\n/.exec(text)?.[0] ?? "\n" }
    } finally {
        await handle.close()
    }
}

/** One line of CSV, its end included. */
export function csvLine(fields: string[], lineEnd = "\n"): string {
    const quoted = fields.map(field =>
        /[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
    )
    return quoted.join(",") + lineEnd
}
