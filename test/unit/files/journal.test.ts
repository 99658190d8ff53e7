// Append-only journals.
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { JournalError, JournalFile } from "@moorage/files"
import { afterEach, beforeEach, expect, test } from "vitest"

const HEADER = '{"journal":"test","version":1}'

let dir: string
let file: string

beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-journal-"))
    file = join(dir, "run.journal")
})

afterEach(() => rmSync(dir, { recursive: true }))

/** Opens the journal and collects its records; only records with a number are valid. */
function openJournal(): { journal: JournalFile; records: unknown[] } {
    const records: unknown[] = []
    const journal = new JournalFile(file, {
        header: HEADER,
        mismatchMessage: other => `other header: ${other}`,
        onRecord: record => {
            records.push(record)
            return typeof (record as { n?: unknown } | undefined)?.n === "number"
        },
    })
    return { journal, records }
}

test("creates the file on open(), and only then", () => {
    const { journal } = openJournal()
    expect(existsSync(file)).toBe(false)
    journal.open()
    journal.open()
    expect(readFileSync(file, "utf8")).toBe(`${HEADER}\n`)
})

test("returns the records of an earlier run in order, and continues after them", () => {
    const first = openJournal().journal
    first.append({ n: 1 })
    first.append({ n: 2 })
    const second = openJournal()
    expect(second.records).toEqual([{ n: 1 }, { n: 2 }])
    second.journal.append({ n: 3 })
    expect(readFileSync(file, "utf8")).toBe(`${HEADER}\n{"n":1}\n{"n":2}\n{"n":3}\n`)
})

test("drops a last line that was cut short", () => {
    openJournal().journal.append({ n: 1 })
    appendFileSync(file, '{"n":2')
    const { journal, records } = openJournal()
    expect(records).toEqual([{ n: 1 }])
    journal.append({ n: 3 })
    expect(readFileSync(file, "utf8")).toBe(`${HEADER}\n{"n":1}\n{"n":3}\n`)
})

test("starts again when the header was cut short, or the file is empty", () => {
    for (const text of ["", HEADER.slice(0, 5)]) {
        writeFileSync(file, text)
        openJournal().journal.append({ n: 1 })
        expect(readFileSync(file, "utf8")).toBe(`${HEADER}\n{"n":1}\n`)
    }
})

test("refuses a file with another header and leaves it unchanged", () => {
    writeFileSync(file, "precious\n")
    expect(() => openJournal()).toThrow(new JournalError("other header: precious"))
    expect(readFileSync(file, "utf8")).toBe("precious\n")
})

test.each([["not JSON"], ['{"n":"text"}']])("names the line of an invalid record: %s", record => {
    writeFileSync(file, `${HEADER}\n{"n":1}\n${record}\n{"n":3}\n`)
    expect(() => openJournal()).toThrow(new JournalError(`${file} is damaged: line 3 is not a valid record.`))
})

test("reports a file that cannot be read or written", () => {
    expect(
        () => new JournalFile(dir, { header: HEADER, mismatchMessage: String, onRecord: () => true })
    ).toThrow(/^Cannot use .*EISDIR/)
    file = join(dir, "missing", "run.journal")
    expect(() => openJournal().journal.open()).toThrow(/^Cannot write .*ENOENT/)
})
