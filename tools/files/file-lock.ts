// A state file is one process's at a time: two would do the same things twice, and note them so that neither can go on.
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { JournalError } from "./journal.js"

/** Whether a process of that ID is there, of whichever user. */
function isProcessAlive(pid: number): boolean {
    try {
        process.kill(pid, 0)
        return true
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM"
    }
}

/** Who holds it, if that process lives: one that crashed has left its lock behind. */
function lockOwnerPid(lock: string): number | undefined {
    try {
        const pid = Number(readFileSync(lock, "utf8"))
        return Number.isInteger(pid) && pid > 0 && pid !== process.pid && isProcessAlive(pid)
            ? pid
            : undefined
    } catch {
        return undefined
    }
}

function take(file: string, lock: string): boolean {
    try {
        writeFileSync(lock, String(process.pid), { flag: "wx" })
        return true
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return false
        throw new JournalError(`Cannot write ${file}: ${(error as Error).message}`, { cause: error })
    }
}

/**
 * Holds a file until the returned function is called.
 * @throws StateError when another process has it, or nothing can be written beside it
 */
export function acquireLock(file: string): () => void {
    const lock = `${file}.lock`
    if (!take(file, lock)) {
        const pid = lockOwnerPid(lock)
        if (pid === undefined) rmSync(lock, { force: true })
        if (pid !== undefined || !take(file, lock))
            throw new JournalError(
                `${file} is in use by another run (process ${pid ?? "unknown"}): end that one first. If there is none, remove ${lock}.`
            )
    }
    return () => rmSync(lock, { force: true })
}
