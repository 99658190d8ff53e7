// Locks between processes.
import { type ChildProcess, fork, spawnSync } from "node:child_process"
import { once } from "node:events"
import {
    existsSync,
    mkdtempSync,
    readFileSync,
    readdirSync,
    rmSync,
    utimesSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { acquireLock, LockError, withLock } from "@moorage/files"
import { afterEach, beforeEach, describe, expect, test } from "vitest"

/** Ten minutes: far more than a test takes. */
const STALE_MS = 600_000

/** Returns the ID of a process that has ended. */
const endedPid = (): string => String(spawnSync(process.execPath, ["-e", ""]).pid)

let dir: string
let file: string
let lock: string

beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-lock-"))
    file = join(dir, "run.state")
    lock = `${file}.lock`
})

afterEach(() => rmSync(dir, { recursive: true }))

describe("acquireLock()", () => {
    test("creates a lock file with the process ID and removes it on release", () => {
        const release = acquireLock(file)
        expect(readFileSync(lock, "utf8")).toBe(String(process.pid))
        release()
        expect(readdirSync(dir)).toEqual([])
    })

    test("refuses a lock that a live process holds, and names the process and the lock file", () => {
        writeFileSync(lock, String(process.ppid))
        expect(() => acquireLock(file)).toThrow(
            `${file} is in use by another run (process ${process.ppid}). End that run first. If no such run exists, remove ${lock}.`
        )
        expect(readFileSync(lock, "utf8")).toBe(String(process.ppid))
    })

    test("refuses a second lock in the same process", () => {
        const release = acquireLock(file)
        expect(() => acquireLock(file)).toThrow(LockError)
        release()
        acquireLock(file)()
    })

    test.each([
        ["of a process that has ended", endedPid],
        ["without content", () => ""],
        ["with other content", () => "not a process ID"],
        ["of an earlier process with the ID of this process", () => String(process.pid)],
    ])("takes over a lock %s", (_what, content) => {
        writeFileSync(lock, content())
        const release = acquireLock(file)
        expect(readFileSync(lock, "utf8")).toBe(String(process.pid))
        release()
        expect(readdirSync(dir)).toEqual([])
    })

    test("takes over a lock whose takeover was interrupted", () => {
        writeFileSync(lock, endedPid())
        writeFileSync(`${lock}.takeover`, endedPid())
        const release = acquireLock(file)
        release()
        expect(readdirSync(dir)).toEqual([])
    })

    test("does not remove the lock of another process when a release is called again", () => {
        const release = acquireLock(file)
        release()
        writeFileSync(lock, String(process.ppid))
        release()
        expect(existsSync(lock)).toBe(true)
    })

    test("reports a lock file that cannot be written", () => {
        writeFileSync(file, "")
        expect(() => acquireLock(join(file, "below"))).toThrow(/^Cannot write .*below: ENOTDIR/)
    })
})

describe("two processes", () => {
    const ROUNDS = 200
    let children: ChildProcess[]

    beforeEach(async () => {
        children = [1, 2].map(() => fork("test/helpers/lock-child.ts", { execArgv: ["--import", "tsx"] }))
        await Promise.all(children.map(child => once(child, "message")))
    })

    afterEach(() => children.forEach(child => child.kill()))

    function ask(message: { file: string } | "release"): Promise<string[]> {
        const replies = children.map(async child => String((await once(child, "message"))[0]))
        for (const child of children) child.send(message)
        return Promise.all(replies)
    }

    test("that find the same stale lock never both get the lock", async () => {
        const pid = endedPid()
        for (let round = 0; round < ROUNDS; round++) {
            const state = join(dir, `${round}.state`)
            writeFileSync(`${state}.lock`, pid)
            expect((await ask({ file: state })).sort(), `round ${round}`).toEqual(["acquired", "refused"])
            await ask("release")
        }
        expect(readdirSync(dir)).toEqual([])
    })
})

describe("withLock()", () => {
    test("runs one piece of work at a time", async () => {
        const log: string[] = []
        const work = (name: string) => async () => {
            log.push(`${name} starts`)
            await new Promise(resolve => setImmediate(resolve))
            log.push(`${name} ends`)
        }
        await Promise.all([withLock(lock, STALE_MS, work("a")), withLock(lock, STALE_MS, work("b"))])
        expect(log).toEqual(["a starts", "a ends", "b starts", "b ends"])
    })

    test("releases the lock when the work fails", async () => {
        const failing = withLock(lock, STALE_MS, () => Promise.reject(new Error("inside")))
        await expect(failing).rejects.toThrow("inside")
        expect(await withLock(lock, STALE_MS, async () => existsSync(lock))).toBe(true)
        expect(readdirSync(dir)).toEqual([])
    })

    test("takes over the lock of a process that has ended", async () => {
        writeFileSync(lock, endedPid())
        expect(await withLock(lock, STALE_MS, async () => "done")).toBe("done")
    })

    test("takes over a lock that is too old, although its process is alive", async () => {
        writeFileSync(lock, String(process.ppid))
        utimesSync(lock, 0, 0)
        expect(await withLock(lock, STALE_MS, async () => "done")).toBe("done")
    })

    test("creates the folder of the lock", async () => {
        const nested = join(dir, "a", "b", "build.lock")
        expect(await withLock(nested, STALE_MS, async () => existsSync(nested))).toBe(true)
    })
})
