import { mkdirSync, rmSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { realClock } from "@moorage/runtime"

const RETRY_MS = 50

/**
 * Runs `work` while holding a lock shared between processes (a directory). A lock
 * older than `staleMs` was left behind by a process that died, and is taken over.
 */
export async function withLock<T>(path: string, staleMs: number, work: () => Promise<T>): Promise<T> {
    mkdirSync(dirname(path), { recursive: true })
    while (!tryLock(path, staleMs)) {
        await new Promise<void>(done => realClock.after(RETRY_MS, done))
    }
    try {
        return await work()
    } finally {
        rmSync(path, { recursive: true, force: true })
    }
}

function tryLock(path: string, staleMs: number): boolean {
    try {
        mkdirSync(path)
        return true
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
        const age = lockAgeMs(path)
        if (age !== undefined && age > staleMs) rmSync(path, { recursive: true, force: true })
        return false
    }
}

function lockAgeMs(path: string): number | undefined {
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat && realClock.nowMs() - stat.mtimeMs
}
