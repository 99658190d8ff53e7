// Reads and writes CSV (RFC 4180) record by record, with the line number of each record.
import { open } from "node:fs/promises"
import type { Readable } from "node:stream"
import { CsvError, parse } from "csv-parse"
import { FleetError } from "./input-issues.js"

export interface CsvRecord {
    /** Line of the file on which the record ends, from 1. */
    line: number
    fields: string[]
}

const BYTE_ORDER_MARK = "\ufeff"
const RECORD_MAX_BYTES = 65_536

/**
 * Yields the records of a CSV text and skips blank lines.
 * @param source name of the input, for the error message
 * @throws FleetError if the text is not valid CSV
 */
export async function* readCsv(input: Readable, source: string): AsyncGenerator<CsvRecord> {
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
        // The message of csv-parse quotes the field, which may be a key. Only the code is safe.
        throw new FleetError(source, [{ line, text: `invalid CSV (${error.code})` }])
    } finally {
        input.destroy()
    }
}

/** The properties of a CSV file that a spreadsheet program needs to read the file back correctly. */
export interface CsvFormat {
    /** The byte order mark at the start of the file, or "". */
    byteOrderMark: string
    lineEnd: string
}

/** Returns the format of a CSV file. @throws errors of the file system */
export async function readCsvFormat(file: string): Promise<CsvFormat> {
    const handle = await open(file)
    try {
        const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(RECORD_MAX_BYTES) })
        const text = buffer.toString("utf8", 0, bytesRead)
        return {
            byteOrderMark: text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : "",
            lineEnd: /\r?\n/.exec(text)?.[0] ?? "\n",
        }
    } finally {
        await handle.close()
    }
}

/** Returns one line of CSV with its line end. */
export function csvLine(fields: string[], lineEnd = "\n"): string {
    const quoted = fields.map(field =>
        /[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
    )
    return quoted.join(",") + lineEnd
}
