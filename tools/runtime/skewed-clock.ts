import type { Clock, Timer } from "./clock.js"

/** A clock that shows a wrong time, while delays have their normal length. */
export class SkewedClock implements Clock {
    /** Difference to the source clock in ms; negative when this clock is behind. */
    skewMs = 0

    constructor(readonly source: Clock) {}

    nowMs(): number {
        return this.source.nowMs() + this.skewMs
    }

    after(delayMs: number, fn: () => void): Timer {
        return this.source.after(delayMs, fn)
    }
}
