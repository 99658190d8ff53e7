// What is printed may not arrive: its reader has gone (`| head -1`), or the disk is full.
import { FAILED } from "./user-error.js"

const lost = new AbortController()

/** Aborted when the standard output takes no more. */
export const outputLost = lost.signal

/** From now on output that is lost ends a command in order, and not with a stack trace. */
export function watchOutput(): void {
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
        if (lost.signal.aborted) return
        lost.abort()
        // A reader that has seen enough is no failure.
        if (error.code === "EPIPE") return
        process.stderr.write(`Cannot write the standard output: ${error.message}\n`)
        // Whatever the command itself makes of its end.
        process.on("exit", () => (process.exitCode = FAILED))
    })
    // Nobody is left who could be told.
    process.stderr.on("error", () => undefined)
}
