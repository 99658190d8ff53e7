import { EXIT_CODES } from "@moorage/errors"
import { outputLost } from "./output-lost.js"

/** Returns a signal that is aborted by SIGINT, by SIGTERM, or when the standard output accepts no more data. */
export function createInterruptSignal(): AbortSignal {
    const abort = new AbortController()
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.once(signal, () => {
            process.exitCode = EXIT_CODES.interrupted
            abort.abort()
        })
    outputLost.addEventListener("abort", () => abort.abort())
    return abort.signal
}
