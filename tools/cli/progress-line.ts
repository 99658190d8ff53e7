// A progress line on the standard error, for a long command on a terminal.
import type { Clock } from "@moorage/runtime"

/** A command that ends earlier shows no progress. */
const SHOWN_AFTER_MS = 2000
const REDRAW_MS = 200
const BAR_CHARS = 24

export class ProgressLine {
    private readonly startMs: number
    private shownMs = 0
    private isShown = false

    constructor(
        private readonly clock: Clock,
        private readonly stream: NodeJS.WriteStream = process.stderr
    ) {
        this.startMs = clock.nowMs()
    }

    /** Shows the line, at most every 200 ms. @param part completed share, 0 to 1 */
    show(part: number, text: string): void {
        const nowMs = this.clock.nowMs()
        if (!this.stream.isTTY || nowMs - this.startMs < SHOWN_AFTER_MS || nowMs - this.shownMs < REDRAW_MS)
            return
        this.shownMs = nowMs
        this.isShown = true
        const filled = Math.round(Math.max(0, Math.min(1, part)) * BAR_CHARS)
        const bar = "#".repeat(filled).padEnd(BAR_CHARS, ".")
        const line = `[${bar}] ${String(Math.floor(part * 100)).padStart(3)} %  ${text}`
        this.stream.write(`\r\x1b[K${line.slice(0, (this.stream.columns ?? 100) - 1)}`)
    }

    /** Removes the line. */
    end(): void {
        if (this.isShown) this.stream.write("\r\x1b[K")
        this.isShown = false
    }
}
