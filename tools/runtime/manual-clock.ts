import type { Clock, Timer } from "./clock.js"

interface DueCall {
    atMs: number
    order: number
    fn: () => void
}

/** A clock that moves only when told to: what a test or a simulation passes in. */
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

    /** When the next call is due, or undefined when none is pending. */
    nextAtMs(): number | undefined {
        return this.calls[0]?.atMs
    }

    /** Moves time forward by `deltaMs`, running each call at its own moment. */
    advance(deltaMs: number): void {
        this.advanceTo(this.timeMs + deltaMs)
    }

    /** As {@link advance}, to an absolute time. */
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
     * @returns whether it became true before `limitMs` had passed or calls ran out
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
