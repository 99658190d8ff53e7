import type { Clock } from "@moorage/runtime"

/** Prints what happens, one line each: seconds since the start, who, what. */
export class Timeline {
    private readonly startMs: number

    constructor(
        private readonly clock: Clock,
        private readonly write: (line: string) => void
    ) {
        this.startMs = clock.nowMs()
    }

    /** An act of the script itself. */
    heading(text: string): void {
        this.write("")
        this.write(`== ${text}`)
    }

    say(who: string, what: string): void {
        const seconds = ((this.clock.nowMs() - this.startMs) / 1000).toFixed(2)
        this.write(`${seconds.padStart(6)} s  ${who.padEnd(7)}  ${what}`)
    }
}
