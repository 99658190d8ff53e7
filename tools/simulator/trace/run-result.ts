// What a run comes to: plain data, the same for the same plan, seed and bytecode; fit for JSON.
import type { TraceEvent } from "./trace-event.js"

/** A broken invariant. */
export interface Violation {
    invariant: string
    sentence: string
    board: string
    ms: number
    what: string
    /** The board's last facts before it. */
    recent: TraceEvent[]
}

/** Counts over the run, one value a bin. */
export interface Series {
    binSec: number
    /** Boards that are moored at the end of the bin. */
    moored: number[]
    /** Registrations that DPS took, and calls that it throttled (register, poll, lookup). */
    registered: number[]
    throttled: number[]
    lookups: number[]
    /** CONNACKs of hubs, accepted and refused. */
    hubConnects: number[]
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
    facts: number
}

export interface RunResult {
    plan: string
    about: string
    seed: number
    boards: number
    durationSec: number
    /** Boards moored at the end. */
    moored: number
    /** Boards whose program was lost to a torn write: the runtime's defect, counted and not hidden. */
    bricked: number
    totals: Totals
    series: Series
    /** DPS registrations a second that the quota lets through; null without a quota. */
    quotaPerSec: number | null
    /** From first power to first moored, in s, of each board that came so far, shortest first. */
    mooredAfterSec: number[]
    /** Boards by the hub they are moored at, in the end. */
    hubs: Record<string, number>
    /** How many boards had so many connections that failed: `retries[3]` boards had three. */
    retries: number[]
    violations: Violation[]
    /** All of them, also those that are not kept above. */
    violationCount: number
    /** Facts of boards with a violation, for a lane each in the report. */
    lanes: { board: string; facts: TraceEvent[] }[]
    /** SHA-256 over the trace. */
    traceHash: string
}
