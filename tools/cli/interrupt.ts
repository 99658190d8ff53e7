import { outputLost } from "./output-lost.js"

/** Exit code of a command that was interrupted. */
export const INTERRUPTED = 130

/** Aborted when the user says so, or nobody reads any more what is printed. */
export function interruption(): AbortSignal {
    const abort = new AbortController()
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.once(signal, () => {
            process.exitCode = INTERRUPTED
            abort.abort()
        })
    outputLost.addEventListener("abort", () => abort.abort())
    return abort.signal
}
