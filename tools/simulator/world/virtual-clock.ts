import type { Clock, Timer } from "@moorage/runtime"
import TinyQueue from "tinyqueue"

interface ScheduledCall {
    atMs: number
    /** Of two calls due at the same moment the one that was planned first goes first. */
    order: number
    fn: (() => void) | undefined
}

/** When every run begins, so that a run is the same on any day. */
export const START_MS = Date.UTC(2026, 0, 1)
/** Cancelled calls stay in the heap until their time comes; beyond this many they are swept out. */
const SWEEP_MIN = 10_000

function isEarlier(a: ScheduledCall, b: ScheduledCall): number {
    return a.atMs - b.atMs || a.order - b.order
}

/** The clock of a simulation: it jumps from one planned call to the next. */
export class VirtualClock implements Clock {
    private calls = new TinyQueue<ScheduledCall>([], isEarlier)
    private order = 0
    private cancelled = 0
    private timeMs = START_MS

    nowMs(): number {
        return this.timeMs
    }

    /** Milliseconds since the run began. */
    elapsedMs(): number {
        return this.timeMs - START_MS
    }

    after(delayMs: number, fn: () => void): Timer {
        const call: ScheduledCall = { atMs: this.timeMs + Math.max(0, delayMs), order: this.order++, fn }
        this.calls.push(call)
        return {
            cancel: () => {
                if (!call.fn) return
                call.fn = undefined
                this.cancelled++
                this.sweep()
            },
        }
    }

    /** Runs all that is due within `elapsedMs` of the run's beginning, at most `most` calls; whether that is done. */
    runTo(elapsedMs: number, most = Infinity): boolean {
        const endMs = START_MS + elapsedMs
        for (let left = most; left > 0; left--) {
            const call = this.calls.peek()
            if (!call || call.atMs > endMs) {
                this.timeMs = Math.max(this.timeMs, endMs)
                return true
            }
            this.calls.pop()
            this.run(call)
        }
        return false
    }

    private run(call: ScheduledCall): void {
        const { fn } = call
        if (!fn) {
            this.cancelled--
            return
        }
        this.timeMs = Math.max(this.timeMs, call.atMs)
        // Cancelling what already ran is no cancelling.
        call.fn = undefined
        fn()
    }

    private sweep(): void {
        if (this.cancelled < SWEEP_MIN || this.cancelled < this.calls.length / 2) return
        this.calls = new TinyQueue(
            this.calls.data.filter(call => call.fn),
            isEarlier
        )
        this.cancelled = 0
    }
}
