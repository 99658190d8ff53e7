// What a person sees of the status light, by when it went on and off (devs/status/board-status.ts says what it means).

/** Lit for so long it is steady; dark for so long it does not flash any more. */
const STEADY_MS = 2_000
const DARK_MS = 12_000

/** Patterns by how long the light is on, the shortest first. */
const PATTERNS = [
    { maxMs: 175, text: "a flash each 10 s (waiting)" },
    { maxMs: 600, text: "fast blinks (working)" },
    { maxMs: STEADY_MS, text: "slow blinks (failing)" },
]

export class BlinkClassifier {
    private sinceMs = 0
    private onMs: number | undefined
    isLit = false

    /** The light is set. */
    set(isLit: boolean, atMs: number): void {
        if (isLit === this.isLit) return
        if (!isLit) this.onMs = atMs - this.sinceMs
        this.isLit = isLit
        this.sinceMs = atMs
    }

    /** Power is gone. */
    clear(): void {
        this.isLit = false
        this.onMs = undefined
    }

    /** The pattern, with what it means; `dark` where there is none. */
    text(nowMs: number): string {
        const ms = nowMs - this.sinceMs
        if (this.isLit && ms > STEADY_MS) return "steady (moored)"
        if (this.onMs === undefined) return this.isLit ? "on" : "dark"
        if (!this.isLit && ms > DARK_MS) return "dark"
        const onMs = this.onMs
        return PATTERNS.find(({ maxMs }) => onMs < maxMs)?.text ?? (this.isLit ? "on" : "dark")
    }
}
