// Atomic writes of texts and streams.
import {
    lstatSync,
    mkdirSync,
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
import { writeFileAtomic, writeStreamAtomic } from "@moorage/files"
import { afterEach, beforeEach, expect, test } from "vitest"

let dir: string
let file: string

beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-write-"))
    file = join(dir, "file")
})

afterEach(() => rmSync(dir, { recursive: true }))

const modeOf = (path: string) => statSync(path).mode & 0o777

test("replaces the content and leaves no other file", () => {
    writeFileSync(file, "a longer old content")
    writeFileAtomic(file, "new")
    expect(readFileSync(file, "utf8")).toBe("new")
    writeFileAtomic(file, Uint8Array.of(1, 2))
    expect([...readFileSync(file)]).toEqual([1, 2])
    expect(readdirSync(dir)).toEqual(["file"])
})

test("gives the new file the requested mode, whatever the mode of the old one", () => {
    writeFileSync(file, "old", { mode: 0o644 })
    writeFileAtomic(file, "secret", 0o600)
    expect(modeOf(file)).toBe(0o600)
})

test("does not write through a leftover or a link with the temporary name", () => {
    const victim = join(dir, "victim")
    writeFileSync(victim, "untouched")
    symlinkSync(victim, `${file}.new`)
    writeFileAtomic(file, "secret", 0o600)
    expect(readFileSync(victim, "utf8")).toBe("untouched")
    expect(modeOf(file)).toBe(0o600)
    expect(readdirSync(dir).sort()).toEqual(["file", "victim"])
})

test("replaces a symbolic link, not the file that it points to", () => {
    const target = join(dir, "target")
    writeFileSync(target, "untouched")
    symlinkSync(target, file)
    writeFileAtomic(file, "new")
    expect(readFileSync(target, "utf8")).toBe("untouched")
    expect(lstatSync(file).isFile()).toBe(true)
})

test("refuses a device and a folder", () => {
    mkdirSync(file)
    for (const path of ["/dev/null", file])
        expect(() => writeFileAtomic(path, "x")).toThrow("it exists and is not a regular file")
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true)
    expect(readdirSync(dir)).toEqual(["file"])
})

test("leaves the old content and no other file when the write fails", () => {
    writeFileSync(file, "old")
    mkdirSync(join(dir, "file.new"))
    expect(() => writeFileAtomic(file, "new")).toThrow(/EEXIST/)
    expect(readFileSync(file, "utf8")).toBe("old")
    expect(() => writeFileAtomic(join(dir, "missing", "file"), "new")).toThrow(/ENOENT/)
    expect(() => writeFileAtomic(join(file, "below"), "new")).toThrow(/ENOTDIR/)
})

async function* stream(...parts: string[]): AsyncGenerator<string> {
    yield* parts
}

test("a stream replaces the content when it is complete", async () => {
    writeFileSync(file, "old")
    await writeStreamAtomic(file, stream("new", " content"), { mode: 0o600 })
    expect(readFileSync(file, "utf8")).toBe("new content")
    expect(modeOf(file)).toBe(0o600)
    expect(readdirSync(dir)).toEqual(["file"])
})

test("a stream that fails or is aborted leaves the old content", async () => {
    writeFileSync(file, "old")
    async function* failing(): AsyncGenerator<string> {
        yield "start"
        throw new Error("no more data")
    }
    await expect(writeStreamAtomic(file, failing())).rejects.toThrow("no more data")
    const aborted = writeStreamAtomic(file, stream("new"), { signal: AbortSignal.abort() })
    await expect(aborted).rejects.toThrow(/abort/)
    await expect(writeStreamAtomic("/dev/null", stream("new"))).rejects.toThrow("is not a regular file")
    expect(readFileSync(file, "utf8")).toBe("old")
    expect(readdirSync(dir)).toEqual(["file"])
})
