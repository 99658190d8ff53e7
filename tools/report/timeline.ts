// The log of a script in a terminal.
import type { Clock } from "@moorage/runtime"

/** Prints events, one per line: seconds since the start, source, text. */
export class Timeline {
    private readonly startMs: number

    constructor(
        private readonly clock: Clock,
        private readonly write: (line: string) => void
    ) {
        this.startMs = clock.nowMs()
    }

    /** Prints a heading for the next step of the script. */
    heading(text: string): void {
        this.write("")
        this.write(`== ${text}`)
    }

    /** Prints an event of `source`. */
    print(source: string, text: string): void {
        const elapsedSec = ((this.clock.nowMs() - this.startMs) / 1000).toFixed(2)
        this.write(`${elapsedSec.padStart(6)} s  ${source.padEnd(7)}  ${text}`)
    }
}
