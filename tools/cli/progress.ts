// One line on the standard error that says how far a long command is; only where a person looks at it.
import type { Clock } from "@moorage/runtime"

/** What takes less than this needs no progress. */
const QUIET_MS = 2000
const EVERY_MS = 200
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

    /** Shows the line, when it is time for that. @param part done, 0 to 1 */
    show(part: number, text: string): void {
        const nowMs = this.clock.nowMs()
        if (!this.stream.isTTY || nowMs - this.startMs < QUIET_MS || nowMs - this.shownMs < EVERY_MS) return
        this.shownMs = nowMs
        this.isShown = true
        const full = Math.round(Math.max(0, Math.min(1, part)) * BAR_CHARS)
        const bar = "#".repeat(full).padEnd(BAR_CHARS, ".")
        const line = `[${bar}] ${String(Math.floor(part * 100)).padStart(3)} %  ${text}`
        this.stream.write(`\r\x1b[K${line.slice(0, (this.stream.columns ?? 100) - 1)}`)
    }

    /** Takes the line away. */
    end(): void {
        if (this.isShown) this.stream.write("\r\x1b[K")
        this.isShown = false
    }
}
