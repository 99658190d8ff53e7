import type { Clock } from "@moorage/runtime"
import { wait } from "./wait.js"

/** Calls at an even pace: no burst, so that what a service lets through stays free for the devices too. */
export class RateLimiter {
    private dueAtMs = 0

    /** @param perSec Infinity for no pace */
    constructor(
        private readonly clock: Clock,
        private readonly perSec: number
    ) {}

    /** Resolves when it is the caller's turn, first come, first served. @throws what the signal was aborted with */
    async acquire(signal?: AbortSignal): Promise<void> {
        const nowMs = this.clock.nowMs()
        const atMs = Math.max(nowMs, this.dueAtMs)
        this.dueAtMs = atMs + 1000 / this.perSec
        if (atMs > nowMs) await wait(this.clock, atMs - nowMs, signal)
        else signal?.throwIfAborted()
    }

    /** Nobody's turn comes for so long. */
    pauseFor(ms: number): void {
        this.dueAtMs = Math.max(this.dueAtMs, this.clock.nowMs() + ms)
    }
}
