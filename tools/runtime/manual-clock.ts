import type { Clock, Timer } from "./clock.js"

interface DueCall {
    atMs: number
    order: number
    fn: () => void
}

/** A clock for tests and simulations: time advances only through calls of its methods. */
export class ManualClock implements Clock {
    private calls: DueCall[] = []
    private order = 0

    constructor(private timeMs = Date.UTC(2026, 0, 1)) {}

    nowMs(): number {
        return this.timeMs
    }

    after(delayMs: number, fn: () => void): Timer {
        const call = { atMs: this.timeMs + Math.max(0, delayMs), order: this.order++, fn }
        let at = this.calls.length
        while (at > 0 && (this.calls[at - 1] as DueCall).atMs > call.atMs) at--
        this.calls.splice(at, 0, call)
        return {
            cancel: () => {
                const i = this.calls.indexOf(call)
                if (i >= 0) this.calls.splice(i, 1)
            },
        }
    }

    /** Returns the time of the next planned call in ms, or undefined when none is planned. */
    nextAtMs(): number | undefined {
        return this.calls[0]?.atMs
    }

    /** Advances time by `deltaMs` and runs each call at the time for which it is planned. */
    advance(deltaMs: number): void {
        this.advanceTo(this.timeMs + deltaMs)
    }

    /** Advances time to an absolute time, as {@link advance} does. */
    advanceTo(untilMs: number): void {
        for (;;) {
            const call = this.calls[0]
            if (!call || call.atMs > untilMs) break
            this.calls.shift()
            this.timeMs = Math.max(this.timeMs, call.atMs)
            call.fn()
        }
        this.timeMs = Math.max(this.timeMs, untilMs)
    }

    /**
     * Advances call by call until `done()` is true.
     * @returns false when `limitMs` passed, or no call was left, before `done()` was true
     */
    advanceUntil(done: () => boolean, limitMs: number): boolean {
        const endMs = this.timeMs + limitMs
        while (!done()) {
            const at = this.nextAtMs()
            if (at === undefined || at > endMs) {
                this.advanceTo(endMs)
                return done()
            }
            this.advanceTo(at)
        }
        return true
    }
}
