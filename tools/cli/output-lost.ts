// Handles a standard output that accepts no more data: its reader has gone (`| head -1`), or the disk is full.
import { EXIT_CODES } from "@moorage/errors"

const lost = new AbortController()

/** Aborted when the standard output accepts no more data. */
export const outputLost = lost.signal

/** Makes a lost output end the command in an orderly way, without a stack trace. */
export function watchOutput(): void {
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
        if (lost.signal.aborted) return
        lost.abort()
        // A reader that closes early is no failure.
        if (error.code === "EPIPE") return
        process.stderr.write(`Cannot write the standard output: ${error.message}\n`)
        // The command may set another exit code when it ends.
        process.on("exit", () => (process.exitCode = EXIT_CODES.failed))
    })
    // stderr is gone too; nothing to report to.
    process.stderr.on("error", () => undefined)
}
