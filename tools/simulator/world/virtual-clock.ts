import type { Clock, Timer } from "@moorage/runtime"
import TinyQueue from "tinyqueue"

interface ScheduledCall {
    atMs: number
    /** Of two calls at the same time, the one that was scheduled first runs first. */
    order: number
    fn: (() => void) | undefined
}

/** Start time of every run, so that a run is the same on any day. */
const START_MS = Date.UTC(2026, 0, 1)
/** Cancelled calls stay in the queue until they are due. If more calls than this are cancelled, they are removed. */
const SWEEP_MIN = 10_000

function compareCalls(a: ScheduledCall, b: ScheduledCall): number {
    return a.atMs - b.atMs || a.order - b.order
}

/** The clock of a simulation: it jumps from one scheduled call to the next. */
export class VirtualClock implements Clock {
    private calls = new TinyQueue<ScheduledCall>([], compareCalls)
    private order = 0
    private cancelledCount = 0
    private timeMs = START_MS

    nowMs(): number {
        return this.timeMs
    }

    /** Returns the milliseconds since the run began. */
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
                this.cancelledCount++
                this.removeCancelled()
            },
        }
    }

    /**
     * Runs the calls that are due until `elapsedMs` after the start of the run, at most `maxCalls` of them.
     * Returns whether no such call is left.
     */
    runTo(elapsedMs: number, maxCalls = Infinity): boolean {
        const endMs = START_MS + elapsedMs
        for (let left = maxCalls; left > 0; left--) {
            const call = this.calls.peek()
            if (!call || call.atMs > endMs) {
                this.timeMs = Math.max(this.timeMs, endMs)
                return true
            }
            this.calls.pop()
            this.execute(call)
        }
        return false
    }

    private execute(call: ScheduledCall): void {
        const { fn } = call
        if (!fn) {
            this.cancelledCount--
            return
        }
        this.timeMs = Math.max(this.timeMs, call.atMs)
        // A cancel after this has no effect.
        call.fn = undefined
        fn()
    }

    private removeCancelled(): void {
        if (this.cancelledCount < SWEEP_MIN || this.cancelledCount < this.calls.length / 2) return
        this.calls = new TinyQueue(
            this.calls.data.filter(call => call.fn),
            compareCalls
        )
        this.cancelledCount = 0
    }
}
