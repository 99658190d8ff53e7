// Transactions over several files.
import {
    lstatSync,
    mkdtempSync,
    readFileSync,
    readdirSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FileTransaction } from "@moorage/files"
import { afterEach, beforeEach, expect, test } from "vitest"

let dir: string
let transaction: FileTransaction
const path = (name: string) => join(dir, name)
const textOf = (name: string) => readFileSync(path(name), "utf8")

beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-transaction-"))
    transaction = new FileTransaction()
    writeFileSync(path("a"), "old a")
    writeFileSync(path("b"), "old b")
})

afterEach(() => rmSync(dir, { recursive: true }))

async function* lines(): AsyncGenerator<string> {
    for (let i = 0; i < 20_000; i++) yield `line ${i}\n`
}

test("changes no file before commit()", async () => {
    await transaction.write(path("a"), ["new a"])
    await transaction.write(path("b"), ["new", " b"])
    expect([textOf("a"), textOf("b")]).toEqual(["old a", "old b"])
    await transaction.commit()
    expect([textOf("a"), textOf("b")]).toEqual(["new a", "new b"])
    expect(readdirSync(dir).sort()).toEqual(["a", "b"])
})

test("rollback() leaves the old files and removes the new content", async () => {
    await transaction.write(path("a"), ["new a"])
    await expect(transaction.write(dir, ["x"])).rejects.toThrow("it exists and is not a regular file")
    await transaction.rollback()
    expect(textOf("a")).toBe("old a")
    expect(readdirSync(dir).sort()).toEqual(["a", "b"])
})

test("rollback() after commit() changes nothing", async () => {
    await transaction.write(path("a"), ["new a"])
    await transaction.commit()
    await transaction.rollback()
    expect(textOf("a")).toBe("new a")
})

test("writes a long stream in order, and creates missing folders", async () => {
    await transaction.write(path("deep/er/c"), lines())
    await transaction.commit()
    const written = textOf("deep/er/c").split("\n")
    expect(written).toHaveLength(20_001)
    expect(written[19_999]).toBe("line 19999")
})

test("keeps nothing of a stream that fails", async () => {
    const failing = (async function* () {
        yield "start"
        throw new Error("no more lines")
    })()
    await expect(transaction.write(path("a"), failing)).rejects.toThrow("no more lines")
    await transaction.rollback()
    expect(textOf("a")).toBe("old a")
    expect(readdirSync(dir).sort()).toEqual(["a", "b"])
})

test("follows a symbolic link and keeps the link", async () => {
    symlinkSync(path("a"), path("link"))
    await transaction.write(path("link"), ["new a"])
    await transaction.commit()
    expect(textOf("a")).toBe("new a")
    expect(lstatSync(path("link")).isSymbolicLink()).toBe(true)
})

test("gives the new file the requested mode", async () => {
    await transaction.write(path("a"), ["secret"], { mode: 0o600 })
    await transaction.commit()
    expect(statSync(path("a")).mode & 0o777).toBe(0o600)
})

test("stops when its signal is aborted", async () => {
    const stop = new AbortController()
    const endless = (async function* () {
        for (let i = 0; ; i++) {
            if (i === 100) stop.abort()
            yield "x".repeat(10_000)
        }
    })()
    await expect(transaction.write(path("a"), endless, { signal: stop.signal })).rejects.toThrow(/abort/)
    await transaction.rollback()
    expect(readdirSync(dir).sort()).toEqual(["a", "b"])
})

test("refuses a device", async () => {
    await expect(transaction.write("/dev/null", ["x"])).rejects.toThrow("it exists and is not a regular file")
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true)
})
