import type { Clock, Timer } from "@moorage/runtime"

/** The ESP32 port runs its main loop from a 10 ms timer. */
const TICK_MS = 10

/**
 * The timer of the chip's main loop: turns happen only on a 10 ms grid that
 * begins with the boot, and only those where something is due.
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

    /** The clock, never running backwards. */
    nowMs(): number {
        this.lastMs = Math.max(this.lastMs, this.clock.nowMs())
        return this.lastMs
    }

    /** The grid begins here. */
    start(): void {
        this.startMs = this.nowMs()
        this.wakeNext()
    }

    stop(): void {
        this.timer?.cancel()
        this.timer = undefined
    }

    wakeNext(): void {
        this.wakeAfter(0)
    }

    /** Plans a turn for when `idleMs` have passed; an earlier one that is planned already stays. */
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
