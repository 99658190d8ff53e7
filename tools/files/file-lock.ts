// Locks between processes. A lock is a file that holds the ID of the process that holds the lock.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { MoorageError } from "@moorage/errors"
import { realClock } from "@moorage/runtime"

const RETRY_MS = 50

/** Another process holds a lock, or a lock cannot be written. The message is written for the user. */
export class LockError extends MoorageError {}

/** Outcome of one attempt; `ownerPid` is the process that holds the lock, when its ID is known. */
type LockAttempt = { isAcquired: true } | { isAcquired: false; ownerPid?: number }

/** State of a lock file: `stale` when the process that created the file has ended. */
type LockState = { kind: "missing" } | { kind: "stale" } | { kind: "held"; ownerPid: number }

/**
 * Locks that this process holds. A lock file with the ID of this process that is not in the set was left by an earlier
 * process: in a container the same command often gets the same ID. Worker threads do not share the set, so only the
 * main thread may take locks.
 */
const heldLocks = new Set<string>()

function isProcessAlive(pid: number): boolean {
    try {
        process.kill(pid, 0)
        return true
    } catch (error) {
        // The process belongs to another user.
        return (error as NodeJS.ErrnoException).code === "EPERM"
    }
}

function readOwnerPid(lock: string): number {
    return Number(readFileSync(lock, "utf8"))
}

/** Reads a lock file. @param staleMs age from which a lock counts as stale even if its process is alive */
function readLock(lock: string, staleMs: number): LockState {
    try {
        const ownerPid = readOwnerPid(lock)
        if (!Number.isInteger(ownerPid) || ownerPid <= 0) return { kind: "stale" }
        const isHeld = ownerPid === process.pid ? heldLocks.has(resolve(lock)) : isProcessAlive(ownerPid)
        const ageMs = realClock.nowMs() - statSync(lock).mtimeMs
        return isHeld && ageMs <= staleMs ? { kind: "held", ownerPid } : { kind: "stale" }
    } catch (error) {
        return { kind: (error as NodeJS.ErrnoException).code === "ENOENT" ? "missing" : "stale" }
    }
}

/** Creates the lock file with its content in one step. @returns false when the file exists */
function createLock(lock: string): boolean {
    const pid = String(process.pid)
    const unlinked = `${lock}.${pid}`
    try {
        rmSync(unlinked, { force: true })
        writeFileSync(unlinked, pid, { flag: "wx" })
        try {
            linkSync(unlinked, lock)
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error
            // A file system without hard links, such as FAT. Here a reader can see the file before its content.
            writeFileSync(lock, pid, { flag: "wx" })
        }
        heldLocks.add(resolve(lock))
        return true
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return false
        throw error
    } finally {
        rmSync(unlinked, { force: true })
    }
}

/** Takes the lock if no process holds it. Runs synchronously, so that no other task of this process runs in between. */
function tryLock(lock: string, staleMs: number): LockAttempt {
    for (;;) {
        if (createLock(lock)) return { isAcquired: true }
        const state = readLock(lock, staleMs)
        if (state.kind === "held") return { isAcquired: false, ownerPid: state.ownerPid }
        if (state.kind === "stale") {
            const attempt = replaceStaleLock(lock, staleMs)
            if (attempt) return attempt
        }
    }
}

/**
 * Replaces a stale lock. Several processes can find the same stale lock, and the slowest of them must not remove the
 * lock that the fastest took. Therefore only the holder of a second lock replaces the first one, after it has checked the first lock
 * again. A rename turns the second lock into the first one, so at least one of them exists at any time.
 * @returns undefined when the lock was released meanwhile
 */
function replaceStaleLock(lock: string, staleMs: number): LockAttempt | undefined {
    const takeover = `${lock}.takeover`
    const attempt = tryLock(takeover, staleMs)
    if (!attempt.isAcquired) return attempt
    const state = readLock(lock, staleMs)
    if (state.kind !== "stale") {
        releaseLock(takeover)
        return state.kind === "held" ? { isAcquired: false, ownerPid: state.ownerPid } : undefined
    }
    try {
        renameSync(takeover, lock)
    } catch (error) {
        releaseLock(takeover)
        throw error
    }
    heldLocks.delete(resolve(takeover))
    heldLocks.add(resolve(lock))
    return { isAcquired: true }
}

function releaseLock(lock: string): void {
    if (!heldLocks.delete(resolve(lock))) return
    try {
        // Another process may have taken the lock over because of its age.
        if (readOwnerPid(lock) === process.pid) rmSync(lock, { force: true })
    } catch {
        // The lock file is gone.
    }
}

/**
 * Locks a file for this process.
 * @returns a function that releases the lock; it does nothing when called again
 * @throws LockError when another process holds the lock, or the lock file cannot be written next to `file`
 */
export function acquireLock(file: string): () => void {
    const lock = `${file}.lock`
    const attempt = attemptLock(file, lock)
    if (!attempt.isAcquired) {
        const { ownerPid = "unknown" } = attempt
        throw new LockError("LOCKED", `${file} is in use by another run (process ${ownerPid}).`, {
            cure: `End that run first. If no such run exists, remove ${lock}.`,
        })
    }
    return () => releaseLock(lock)
}

function attemptLock(file: string, lock: string): LockAttempt {
    try {
        return tryLock(lock, Infinity)
    } catch (error) {
        throw new LockError("FILE_NOT_WRITABLE", `Cannot write ${file}: ${(error as Error).message}`, {
            cause: error,
        })
    }
}

/**
 * Waits for a lock, runs `work` and releases the lock.
 * @param lock path of the lock file; its folder is created when missing
 * @param staleMs age from which the lock is taken over even if its process still seems to be alive
 * @returns the result of `work`
 * @throws errors of `work`; errors of the file system
 */
export async function withLock<T>(lock: string, staleMs: number, work: () => Promise<T>): Promise<T> {
    mkdirSync(dirname(lock), { recursive: true })
    while (!tryLock(lock, staleMs).isAcquired)
        await new Promise<void>(done => realClock.after(RETRY_MS, done))
    try {
        return await work()
    } finally {
        releaseLock(lock)
    }
}
