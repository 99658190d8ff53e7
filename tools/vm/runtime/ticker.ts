import type { Clock, Timer } from "@moorage/runtime"

/** Period of the timer that runs the main loop of the ESP32 port. */
const TICK_MS = 10

/**
 * Plans the turns of the main loop. As on the chip, a turn starts at a multiple of 10 ms after the boot. Turns in which
 * nothing is due are skipped.
 */
export class Ticker {
    private timer: Timer | undefined
    private plannedMs = 0
    private lastMs = 0
    private startMs = 0

    constructor(
        private readonly clock: Clock,
        private readonly turn: () => void
    ) {}

    /** Returns the time in ms. It never decreases, even if the clock does. */
    nowMs(): number {
        this.lastMs = Math.max(this.lastMs, this.clock.nowMs())
        return this.lastMs
    }

    /** Starts the main loop; ticks count from now. */
    start(): void {
        this.startMs = this.nowMs()
        this.wakeNext()
    }

    /** Cancels the planned turn. */
    stop(): void {
        this.timer?.cancel()
        this.timer = undefined
    }

    /** Plans a turn for the next tick. */
    wakeNext(): void {
        this.wakeAfter(0)
    }

    /** Plans a turn after `idleMs`. An earlier turn that is already planned stays. */
    wakeAfter(idleMs: number): void {
        const nowMs = this.nowMs()
        const sinceStartMs = nowMs - this.startMs
        const nextTick = Math.floor(sinceStartMs / TICK_MS) + 1
        const dueTick = Math.ceil((sinceStartMs + idleMs) / TICK_MS)
        const atMs = this.startMs + Math.max(nextTick, dueTick) * TICK_MS
        if (this.timer && this.plannedMs <= atMs) return
        this.timer?.cancel()
        this.plannedMs = atMs
        this.timer = this.clock.after(atMs - nowMs, () => {
            this.timer = undefined
            this.turn()
        })
    }
}
