import type { Clock } from "@moorage/runtime"
import { type Board, subscribeBoardLog } from "@moorage/vm"
import type { BoardReport, BootReport } from "./boot-table.js"
import type { Timeline } from "@moorage/report"

/** What the cloud counted for one board; only ever grows. */
export interface CloudCounts {
    registrations: number
    lookups: number
}

/** How long a board may take to moor before the demo calls it failed. */
const MOOR_LIMIT_MS = 30_000

/** One board of the demo, with the measurements of each of its boots. */
export class BootTimer {
    readonly report: BoardReport
    private waiting: { line: RegExp; resolve: () => void }[] = []

    constructor(
        readonly board: Board,
        image: string,
        private readonly counts: () => CloudCounts,
        timeline: Timeline,
        private readonly clock: Clock
    ) {
        this.report = { id: board.id, image, boots: [], peakHeapBytes: 0, panics: 0 }
        subscribeBoardLog(board, ({ kind, text }) => {
            timeline.print(board.id, text)
            if (kind !== "log") return
            const met = this.waiting.filter(wait => wait.line.test(text))
            this.waiting = this.waiting.filter(wait => !met.includes(wait))
            for (const wait of met) wait.resolve()
        })
    }

    /** Resolves when the board's console shows a line that matches. */
    shows(line: RegExp): Promise<void> {
        return new Promise(resolve => this.waiting.push({ line, resolve }))
    }

    /**
     * Measures one boot: `begin` starts it, the board's own word `moored` ends it.
     * @param settled console lines to wait for after that, before anything else is done to the board
     */
    async boot(
        kind: BootReport["kind"],
        begin: () => void | Promise<void>,
        settled: RegExp[]
    ): Promise<void> {
        const before = { ...this.board.stats, ...this.counts() }
        const startMs = this.clock.nowMs()
        const moored = this.shows(/^moored /).then(() => this.clock.nowMs() - startMs)
        const rest = Promise.all(settled.map(line => this.shows(line)))
        await begin()
        const mooredMs = await this.within(MOOR_LIMIT_MS, moored)
        if (mooredMs !== null) await this.within(MOOR_LIMIT_MS, rest)
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

    /** The value, or null when it does not come in time. */
    private within<T>(limitMs: number, value: Promise<T>): Promise<T | null> {
        return new Promise((resolve, reject) => {
            const timer = this.clock.after(limitMs, () => resolve(null))
            value.then(resolve, reject).finally(() => timer.cancel())
        })
    }
}
