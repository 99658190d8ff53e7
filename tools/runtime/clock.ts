/** A call planned with {@link Clock.after}. */
export interface Timer {
    /** Cancels the call. Does nothing when the call already ran. */
    cancel(): void
}

/**
 * The only source of time in host code, passed in as an argument. A run on a clock that the caller controls is a pure
 * function of its inputs (docs/internals/architecture.md, Time).
 */
export interface Clock {
    /** Returns the time in milliseconds since the Unix epoch. */
    nowMs(): number
    /** Calls `fn` once, `delayMs` from now. Calls that are due at the same moment run in the order of their planning. */
    after(delayMs: number, fn: () => void): Timer
}
