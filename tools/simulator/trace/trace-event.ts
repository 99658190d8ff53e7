// The events of a run, in order. The trace, the invariants and the report are made from them.
import type { CloudEvent } from "@moorage/emulator"

/** The kinds of the emulator's events (register, connack, ...) and those of the boards and the plan. */
export type TraceEventKind =
    | CloudEvent["kind"]
    /** Power is switched; detail: `on`, `off`. */
    | "power"
    /** The chip restarts; detail: `program`, `button`, `abort`. */
    | "reset"
    /** The program panics; detail: the code. */
    | "panic"
    /** The program starts. */
    | "start"
    /** The board writes a log line; detail: the line. */
    | "log"
    /** Flash is written; detail: `record`, or `crashes` for the number of crashes. */
    | "flash"
    /** A power cut tears a write to flash. */
    | "torn"
    /** The board begins to connect; status: the number of its other open connections. */
    | "dial"
    /** The connection is open. */
    | "open"
    /** The connection failed; detail: `resolve`, `connect`, `handshake`. */
    | "fail"
    /** The board ends the connection. */
    | "hangUp"
    /** The peer ends the connection, or the connection breaks. */
    | "lost"
    /** An event of the plan is applied: to a board, or to the cloud if `board` is empty. */
    | "event"

export interface TraceEvent {
    /** Milliseconds since the run began. */
    ms: number
    /** The board's ID; empty for events of the cloud. */
    board: string
    kind: TraceEventKind
    /** `dps`, or a host name. */
    service?: string
    /** CONNACK return code, status, or the number that the kind describes. */
    status?: number
    retryAfterSec?: number
    detail?: string
}

/** Returns the event as a line of the trace. The order of the fields is always the same. */
export function traceLine({ ms, board, kind, service, status, retryAfterSec, detail }: TraceEvent): string {
    return JSON.stringify({ ms, board, kind, service, status, retryAfterSec, detail })
}

/** Returns `  12.345 s  board-3  connack 5 of hub-1.azure-devices.net`. */
export function formatTraceEvent({
    ms,
    board,
    kind,
    service,
    status,
    retryAfterSec,
    detail,
}: TraceEvent): string {
    const at = `${(ms / 1000).toFixed(3).padStart(10)} s`
    const parts = [
        kind,
        status,
        service && `of ${service}`,
        retryAfterSec && `retry-after ${retryAfterSec} s`,
        detail,
    ]
    return `${at}  ${board.padEnd(12)} ${parts.filter(part => part !== undefined && part !== "").join(" ")}`
}
