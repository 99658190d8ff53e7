import type { Clock } from "@moorage/runtime"

/** Spreads calls evenly, without bursts, because the devices share the quota of the service. */
export class RateLimiter {
    private nextCallMs = 0

    /** @param perSec calls per second; Infinity for no limit */
    constructor(
        private readonly clock: Clock,
        private readonly perSec: number
    ) {}

    /** Resolves when the caller may send. Callers are served in order. @throws the reason of the aborted signal */
    async acquire(signal?: AbortSignal): Promise<void> {
        const nowMs = this.clock.nowMs()
        const startMs = Math.max(nowMs, this.nextCallMs)
        this.nextCallMs = startMs + 1000 / this.perSec
        if (startMs > nowMs) await wait(this.clock, startMs - nowMs, signal)
        else signal?.throwIfAborted()
    }

    /** Delays all later callers by at least this time. Callers that already wait are not delayed. */
    pauseFor(ms: number): void {
        this.nextCallMs = Math.max(this.nextCallMs, this.clock.nowMs() + ms)
    }
}

/** Resolves after this time. @throws the reason of the aborted signal */
export function wait(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error)
        const abort = () => {
            timer.cancel()
            reject(signal?.reason as Error)
        }
        const timer = clock.after(ms, () => {
            signal?.removeEventListener("abort", abort)
            resolve()
        })
        signal?.addEventListener("abort", abort, { once: true })
    })
}
