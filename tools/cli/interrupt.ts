/** Exit code of a command that was interrupted. */
export const INTERRUPTED = 130

/** Ends when the user says so. */
export function interruption(): AbortSignal {
    const abort = new AbortController()
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.once(signal, () => {
            process.exitCode = INTERRUPTED
            abort.abort()
        })
    return abort.signal
}
