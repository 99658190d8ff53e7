import type { Clock } from "@moorage/runtime"

/** Resolves after so long. @throws what the signal was aborted with */
export function wait(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error)
        const stop = () => {
            timer.cancel()
            reject(signal?.reason as Error)
        }
        const timer = clock.after(ms, () => {
            signal?.removeEventListener("abort", stop)
            resolve()
        })
        signal?.addEventListener("abort", stop, { once: true })
    })
}
