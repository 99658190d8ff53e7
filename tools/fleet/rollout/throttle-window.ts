// 429s of the last ten minutes: our own calls', which share their quota with the boards, and those of a metric.

export const WINDOW_SEC = 600
/** The counter of `moorage emulate` (docs/guide/emulate.md). */
const COUNTER = /^moorage_dps_requests_total\{[^}]*\bstatus="429"[^}]*\}\s+(\d+(?:\.\d+)?(?:e[+-]?\d+)?)/gm

/** 429s to devices that a Prometheus text tells of, since its process began; 0 when there is none. */
export function parseThrottledCount(metrics: string): number {
    return [...metrics.matchAll(COUNTER)].reduce((sum, [, n]) => sum + Number(n), 0)
}

export class ThrottleWindow {
    private readonly counts: { atMs: number; n: number }[] = []
    private readonly totals = new Map<string, number>()

    /** Takes note of a counter that only grows, but for a restart. What it had at first is not counted. */
    record(counter: string, total: number, atMs: number): void {
        const before = this.totals.get(counter) ?? total
        this.totals.set(counter, total)
        const n = total >= before ? total - before : total
        if (n > 0) this.counts.push({ atMs, n })
    }

    /** How many in the ten minutes before. */
    countAt(nowMs: number): number {
        while (this.counts.length > 0 && this.counts[0].atMs <= nowMs - WINDOW_SEC * 1000) this.counts.shift()
        return this.counts.reduce((sum, { n }) => sum + n, 0)
    }
}
