// Handles a standard output that accepts no more data, because its reader has ended (`| head -1`) or the disk is full.
import { EXIT_CODES } from "@moorage/errors"

const lost = new AbortController()

/** Aborted when the standard output accepts no more data. */
export const outputLost = lost.signal

/** Ends the command without a stack trace when the standard output accepts no more data. */
export function watchOutput(): void {
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
        if (lost.signal.aborted) return
        lost.abort()
        // A reader that ends early is not a failure.
        if (error.code === "EPIPE") return
        process.stderr.write(`Cannot write the standard output: ${error.message}\n`)
        // The command may set another exit code when it ends.
        process.on("exit", () => (process.exitCode = EXIT_CODES.failed))
    })
    // The standard error accepts no more data either, so the error cannot be reported.
    process.stderr.on("error", () => undefined)
}
