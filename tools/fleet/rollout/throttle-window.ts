// Counts the 429s of the last ten minutes: those of the host tool and those in a metric.
// The host tool shares the quota with the boards.

export const THROTTLE_WINDOW_SEC = 600
/** The metric of `moorage emulate` (docs/reference/emulator.md). */
const THROTTLED_METRIC =
    /^moorage_dps_requests_total\{[^}]*\bstatus="429"[^}]*\}\s+(\d+(?:\.\d+)?(?:e[+-]?\d+)?)/gm

/** Returns the number of 429s to devices in a Prometheus text, since the start of the service. */
export function parseThrottledCount(metrics: string): number {
    return [...metrics.matchAll(THROTTLED_METRIC)].reduce((sum, [, count]) => sum + Number(count), 0)
}

export class ThrottleWindow {
    private readonly increments: { atMs: number; count: number }[] = []
    private readonly totals = new Map<string, number>()

    /**
     * Records the total of a counter. Its first total is not counted. A smaller total means that the counter was
     * restarted at 0.
     */
    record(counter: string, total: number, nowMs: number): void {
        const previous = this.totals.get(counter) ?? total
        this.totals.set(counter, total)
        const count = total >= previous ? total - previous : total
        if (count > 0) this.increments.push({ atMs: nowMs, count })
    }

    /** Returns the number of 429s in the last ten minutes. */
    countAt(nowMs: number): number {
        const { increments } = this
        while (increments.length > 0 && increments[0].atMs <= nowMs - THROTTLE_WINDOW_SEC * 1000)
            increments.shift()
        return increments.reduce((sum, { count }) => sum + count, 0)
    }
}
