import type { Clock, Timer } from "./clock.js"

/** A clock whose pending calls all end at once, and whose calls tell one place what they throw. */
export class ScopedClock implements Clock {
    private readonly timers = new Set<Timer>()
    private isEnded = false

    /** @param onError told what a call throws, which would end the process otherwise */
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

    /** Drops what is pending, and takes no more. */
    end(): void {
        this.isEnded = true
        for (const timer of this.timers) timer.cancel()
        this.timers.clear()
    }
}
