import { LOG_PATTERNS } from "@moorage/device/shared"
import type { Timeline } from "@moorage/report"
import type { Clock } from "@moorage/runtime"
import { type Board, subscribeBoardLog } from "@moorage/vm"
import type { BoardReport, BootReport } from "./boot-table.js"

/** Counters of the cloud for one board. The counters never decrease. */
export interface CloudCounts {
    registrations: number
    lookups: number
}

/** Time limit for a board to moor. A slower board counts as failed. */
const MOOR_LIMIT_MS = 30_000

export interface BootTimerOptions {
    board: Board
    /** Name of the firmware image, for the report. */
    image: string
    counts: () => CloudCounts
    timeline: Timeline
    clock: Clock
}

/** Measures the boots of one board. */
export class BootTimer {
    readonly board: Board
    readonly report: BoardReport
    private readonly counts: () => CloudCounts
    private readonly clock: Clock
    private waits: { line: RegExp; resolve: () => void }[] = []

    constructor({ board, image, counts, timeline, clock }: BootTimerOptions) {
        this.board = board
        this.counts = counts
        this.clock = clock
        this.report = { id: board.id, image, boots: [], peakHeapBytes: 0, panics: 0 }
        subscribeBoardLog(board, ({ kind, text }) => {
            timeline.print(board.id, text)
            if (kind !== "log") return
            const matching = this.waits.filter(wait => wait.line.test(text))
            this.waits = this.waits.filter(wait => !matching.includes(wait))
            for (const wait of matching) wait.resolve()
        })
    }

    /**
     * Measures one boot, from `begin` to the log line `moored`.
     * @param finalLines log lines that end the boot after `moored`; the next step waits for them
     */
    async measure(
        kind: BootReport["kind"],
        begin: () => void | Promise<void>,
        finalLines: RegExp[]
    ): Promise<void> {
        const before = { ...this.board.stats, ...this.counts() }
        const startMs = this.clock.nowMs()
        const moored = this.nextLogLine(new RegExp(LOG_PATTERNS.moored)).then(
            () => this.clock.nowMs() - startMs
        )
        const rest = Promise.all(finalLines.map(line => this.nextLogLine(line)))
        await begin()
        const mooredMs = await this.withTimeout(MOOR_LIMIT_MS, moored)
        if (mooredMs !== null) await this.withTimeout(MOOR_LIMIT_MS, rest)
        const after = { ...this.board.stats, ...this.counts() }
        this.report.boots.push({
            kind,
            tlsHandshakes: after.tlsHandshakes - before.tlsHandshakes,
            dpsRegistrations: after.registrations - before.registrations,
            lookups: after.lookups - before.lookups,
            bytesSent: after.bytesSent - before.bytesSent,
            bytesReceived: after.bytesReceived - before.bytesReceived,
            mooredMs,
        })
        this.report.peakHeapBytes = after.heapPeakBytes
        this.report.panics = after.panics
    }

    /** Resolves when the board logs a line that matches. */
    private nextLogLine(line: RegExp): Promise<void> {
        return new Promise(resolve => this.waits.push({ line, resolve }))
    }

    /** Resolves with the value, or with null after the limit. */
    private withTimeout<T>(limitMs: number, value: Promise<T>): Promise<T | null> {
        return new Promise((resolve, reject) => {
            const timer = this.clock.after(limitMs, () => resolve(null))
            value.then(resolve, reject).finally(() => timer.cancel())
        })
    }
}
