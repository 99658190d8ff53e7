import type { Clock, Timer } from "./clock.js"

/** A clock for one owner: the owner cancels all planned calls together, and receives the errors of the calls. */
export class ScopedClock implements Clock {
    private readonly timers = new Set<Timer>()
    private isEnded = false

    /** @param onError receives an error that a call throws; without it the error would end the process */
    constructor(
        private readonly clock: Clock,
        private readonly onError: (error: Error) => void
    ) {}

    nowMs(): number {
        return this.clock.nowMs()
    }

    after(delayMs: number, fn: () => void): Timer {
        if (this.isEnded) return { cancel: () => undefined }
        const timer = this.clock.after(delayMs, () => {
            this.timers.delete(timer)
            try {
                fn()
            } catch (error) {
                this.onError(error as Error)
            }
        })
        this.timers.add(timer)
        return {
            cancel: () => {
                this.timers.delete(timer)
                timer.cancel()
            },
        }
    }

    /** Cancels all planned calls and ignores new ones. */
    end(): void {
        this.isEnded = true
        for (const timer of this.timers) timer.cancel()
        this.timers.clear()
    }
}
