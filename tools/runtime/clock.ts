/** A pending call made with {@link Clock.after}. */
export interface Timer {
    /** Drops the call; does nothing when it already ran. */
    cancel(): void
}

/**
 * The only source of time in the emulator, the simulator and the board's host
 * side: a run on an injected clock is a pure function of its inputs.
 */
export interface Clock {
    /** Milliseconds since the Unix epoch. */
    nowMs(): number
    /** Calls `fn` once, `delayMs` from now; calls due at the same moment keep their order. */
    after(delayMs: number, fn: () => void): Timer
}
