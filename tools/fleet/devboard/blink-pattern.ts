// Classifies the blink pattern of the status LED from its on and off times. devs/status/board-status.ts defines the patterns.

/** An LED that is on for longer than STEADY_MS is steady. An LED that is off for longer than DARK_MS does not blink. */
const STEADY_MS = 2_000
const DARK_MS = 12_000

/** Patterns by the length of a pulse, shortest first. */
const PATTERNS = [
    { maxMs: 175, text: "one flash every 10 s (waiting)" },
    { maxMs: 600, text: "fast blinks (working)" },
    { maxMs: STEADY_MS, text: "slow blinks (failing)" },
]

export class BlinkClassifier {
    private changedMs = 0
    private pulseMs: number | undefined
    isLit = false

    /** Records that the LED was switched. */
    set(isLit: boolean, nowMs: number): void {
        if (isLit === this.isLit) return
        if (!isLit) this.pulseMs = nowMs - this.changedMs
        this.isLit = isLit
        this.changedMs = nowMs
    }

    /** Resets the pattern when the board loses power. */
    clear(): void {
        this.isLit = false
        this.pulseMs = undefined
    }

    /** Returns the current pattern with its meaning, or "dark". */
    describe(nowMs: number): string {
        const sinceChangeMs = nowMs - this.changedMs
        if (this.isLit && sinceChangeMs > STEADY_MS) return "steady (moored)"
        const unknown = this.isLit ? "on" : "dark"
        const { pulseMs } = this
        if (pulseMs === undefined) return unknown
        if (!this.isLit && sinceChangeMs > DARK_MS) return "dark"
        return PATTERNS.find(({ maxMs }) => pulseMs < maxMs)?.text ?? unknown
    }
}
