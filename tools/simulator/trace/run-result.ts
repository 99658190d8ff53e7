// The result of a run: plain data for JSON, the same for the same plan, seed and bytecode.
import type { TraceEvent } from "./trace-event.js"

/** A broken invariant. */
export interface Violation {
    invariant: string
    sentence: string
    board: string
    /** Milliseconds since the run began. */
    ms: number
    /** What the board did wrong. */
    what: string
    /** The board's last trace events before the violation. */
    recent: TraceEvent[]
}

/** Counts over the run, one value per bin. */
export interface Series {
    binSec: number
    /** Moored boards at the end of the bin. */
    moored: number[]
    /** Registrations that DPS accepted. */
    registered: number[]
    /** Calls that DPS throttled: register, poll, lookup. */
    throttled: number[]
    lookups: number[]
    /** CONNACKs of hubs with code 0. */
    hubConnects: number[]
    /** CONNACKs of hubs with another code. */
    hubRefusals: number[]
}

export interface Totals {
    registrations: number
    polls: number
    lookups: number
    throttled: number
    hubConnects: number
    hubRefusals: number
    dials: number
    failedDials: number
    flashWrites: number
    resets: number
    panics: number
    telemetry: number
    traceEvents: number
}

export interface RunResult {
    plan: string
    about: string
    seed: number
    boards: number
    durationSec: number
    /** Boards moored at the end. */
    moored: number
    /** Boards that lost their program to a torn write (runtime-facts.md, D2). */
    bricked: number
    totals: Totals
    series: Series
    /** Registrations per second that the DPS quota allows; null without a quota. */
    quotaPerSec: number | null
    /** Seconds from first power-on to first moored, for each board that was ever moored, in ascending order. */
    mooredAfterSec: number[]
    /** Moored boards of each hub at the end. */
    hubs: Record<string, number>
    /** Boards by number of failed connections: `retries[3]` boards had three. */
    retries: number[]
    violations: Violation[]
    /** All violations, also those that `violations` does not keep. */
    violationCount: number
    /** Trace events of boards with a violation, for the timelines of the report. */
    timelines: { board: string; events: TraceEvent[] }[]
    /** SHA-256 of the trace. */
    traceHash: string
}
