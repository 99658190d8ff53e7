// What happens in a run, in order: the one stream that the trace, the invariants and the report are made from.

import type { CloudEvent } from "@moorage/emulator"

/** What a fact is about. The cloud's own kinds (register, connack, ...) keep the names that the emulator gives them. */
export type TraceEventKind =
    | CloudEvent["kind"]
    /** `on`, `off`. */
    | "power"
    /** The chip starts over: `program`, `button`, `abort`. */
    | "reset"
    /** The program died; detail: the code. */
    | "panic"
    /** The program starts. */
    | "start"
    /** A line of the board's console. */
    | "log"
    /** Flash was written; detail: which settings changed. */
    | "flash"
    /** A write to flash was torn by a power cut. */
    | "torn"
    /** A connection begins; status: how many others the board has open. */
    | "dial"
    | "open"
    /** It did not come about; detail: resolve, connect, handshake. */
    | "fail"
    /** The board ended the connection. */
    | "hangUp"
    /** The peer ended it, or it broke. */
    | "lost"
    /** An event of the plan strikes: `board` is whom, or empty for the cloud's. */
    | "event"

export interface TraceEvent {
    /** Milliseconds since the run began. */
    ms: number
    /** The board's ID, or empty. */
    board: string
    kind: TraceEventKind
    /** `dps`, or a host name. */
    service?: string
    /** CONNACK return code, or status. */
    status?: number
    retryAfterSec?: number
    detail?: string
}

/** The fact as a line of the trace; always the same fields in the same order. */
export function traceLine({ ms, board, kind, service, status, retryAfterSec, detail }: TraceEvent): string {
    return JSON.stringify({ ms, board, kind, service, status, retryAfterSec, detail })
}

/** `  12.345 s  board-3  connack 5 of hub-1.azure-devices.net`, for a person. */
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
