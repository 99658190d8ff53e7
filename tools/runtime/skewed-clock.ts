import type { Clock, Timer } from "./clock.js"

/** A clock that can be set wrong: what it says of now is off, what it waits for is not. */
export class SkewedClock implements Clock {
    /** How far it is ahead, in ms; negative when it is behind. */
    skewMs = 0

    constructor(
        /** The clock as it is. */
        readonly source: Clock
    ) {}

    nowMs(): number {
        return this.source.nowMs() + this.skewMs
    }

    after(delayMs: number, fn: () => void): Timer {
        return this.source.after(delayMs, fn)
    }
}
