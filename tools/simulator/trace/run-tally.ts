// Counts the trace events of a run for the report and the summary.
import type { TraceEvent } from "./trace-event.js"
import type { Series, Totals } from "./run-result.js"

/** Maximum number of bins of a series. */
const BINS_MAX = 600

/** Counts the trace events of one run, in total and in bins of time. */
export class RunTally {
    readonly series: Series
    readonly totals: Totals = {
        registrations: 0,
        polls: 0,
        lookups: 0,
        throttled: 0,
        hubConnects: 0,
        hubRefusals: 0,
        dials: 0,
        failedDials: 0,
        flashWrites: 0,
        resets: 0,
        panics: 0,
        telemetry: 0,
        traceEvents: 0,
    }
    readonly failedDialsByBoard = new Map<string, number>()

    constructor(durationSec: number) {
        const binSec = Math.max(1, Math.ceil(durationSec / BINS_MAX))
        const bins = () => new Array<number>(Math.ceil(durationSec / binSec)).fill(0)
        this.series = {
            binSec,
            moored: bins(),
            registered: bins(),
            throttled: bins(),
            lookups: bins(),
            hubConnects: bins(),
            hubRefusals: bins(),
        }
    }

    /** Counts one event. */
    add(event: TraceEvent): void {
        const { totals } = this
        totals.traceEvents++
        switch (event.kind) {
            case "register":
            case "poll":
            case "lookup":
                this.countDpsCall(event)
                break
            case "connack":
                if (event.service !== "dps") this.countHubConnack(event)
                break
            case "dial":
                totals.dials++
                break
            case "fail":
                totals.failedDials++
                this.failedDialsByBoard.set(event.board, (this.failedDialsByBoard.get(event.board) ?? 0) + 1)
                break
            case "flash":
                totals.flashWrites++
                break
            case "reset":
                totals.resets++
                break
            case "panic":
                totals.panics++
                break
            case "telemetry":
                totals.telemetry++
                break
            default:
                break
        }
    }

    /** Returns how many of `boards` boards had no failed connection, one, two and so on. */
    retries(boards: number): number[] {
        const counts = [boards - this.failedDialsByBoard.size]
        for (const failed of this.failedDialsByBoard.values()) counts[failed] = (counts[failed] ?? 0) + 1
        return Array.from(counts, count => count ?? 0)
    }

    private countDpsCall({ ms, kind, status = 0 }: TraceEvent): void {
        const { totals } = this
        if (kind === "register") totals.registrations++
        else if (kind === "poll") totals.polls++
        else totals.lookups++
        if (kind === "lookup") this.increment(this.series.lookups, ms)
        if (kind === "register" && status < 300) this.increment(this.series.registered, ms)
        if (status !== 429) return
        totals.throttled++
        this.increment(this.series.throttled, ms)
    }

    private countHubConnack({ ms, status }: TraceEvent): void {
        if (status === 0) this.totals.hubConnects++
        else this.totals.hubRefusals++
        this.increment(status === 0 ? this.series.hubConnects : this.series.hubRefusals, ms)
    }

    private increment(series: number[], ms: number): void {
        const bin = Math.min(series.length - 1, Math.floor(ms / 1000 / this.series.binSec))
        series[bin] = (series[bin] as number) + 1
    }
}
