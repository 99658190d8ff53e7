// The one socket that the runtime has, straight over its natives: deadlines, refused writes, explicit
// states. `@devicescript/net` is not used: it loses an open that data follows at once, throws on a full
// queue and leaks fibers (facts D6, D9, 3.1). One fiber at a time may use this module.

import * as ds from "@devicescript/core"
import { Fault, FaultKind } from "../contract/fault"

type SocketEvent = "open" | "close" | "data" | "error"
type SocketNatives = typeof ds & {
    _socketOpen(host: string, port: number): number
    _socketClose(): number
    _socketWrite(bytes: Buffer): number
    _socketOnEvent: (event: SocketEvent, arg?: Buffer | string) => void
}

const enum SocketState {
    Closed,
    Connecting,
    /** connect() gave up, the worker has not: closing now could free TLS contexts in use (facts 3.2). */
    Abandoned,
    Open,
    /** Open for the runtime, but of no more use: bytes were lost, refused or made no sense. */
    Broken,
}

/** TLS aborts the chip at 4,096 bytes (facts D8); 1 KB is the rule, the longest CONNECT needs a little more. */
export const SEND_MAX_BYTES = 1280

/** A refused write is tried again this often, 10 ms apart: 2 s of a full queue is a dead link. */
const WRITES_MAX = 200

/** What the last link left behind, its close above all, is over in this time: two ticks of the main loop. */
const SETTLE_MS = 20

let state = SocketState.Closed
let lost = new Fault(FaultKind.Network, "not connected")
let onData: (chunk: Buffer) => void
let heardMs = 0
let waiter: ds.Fiber

function onEvent(event: SocketEvent, arg?: Buffer | string): void {
    if (event === "data") takeData(arg as Buffer)
    else if (event === "open") takeOpen()
    else if (state !== SocketState.Closed) {
        state = SocketState.Closed
        lost = new Fault(FaultKind.Network, arg ? "socket: " + arg : "closed by peer")
    }
    if (waiter && waiter.suspended) waiter.resume(undefined)
}

function takeOpen(): void {
    if (state === SocketState.Connecting) state = SocketState.Open
    else if (state === SocketState.Abandoned) {
        // The worker is idle again, so this is safe now.
        state = SocketState.Closed
        ;(ds as SocketNatives)._socketClose()
    }
}

/** When bytes last came in, ms since boot: what the watchdog takes for progress. */
export function lastHeardMs(): number {
    return heardMs
}

/** Bytes are used up inside the event, so that a burst never piles up in the heap. */
function takeData(chunk: Buffer): void {
    if (state !== SocketState.Open) return
    heardMs = ds.millis()
    try {
        // No buffer: the runtime could not allocate one, its bytes are gone.
        if (!chunk) throw new Fault(FaultKind.Network, "received bytes lost")
        onData(chunk)
    } catch (e) {
        // Nothing may escape from an event: it would restart the program (facts D10).
        state = SocketState.Broken
        lost = e as Fault
    }
}

/** Whether the link is gone, or never was. */
export function isClosed(): boolean {
    return state !== SocketState.Open
}

/** Why it is gone. */
export function closeReason(): Fault {
    return lost
}

/** Returns when something happened on the socket, or after `ms`. */
export async function wait(ms: number): Promise<void> {
    if (ms <= 0) return
    waiter = ds.Fiber.self()
    await ds.suspend(ms)
    waiter = undefined
}

async function waitForStateChange(what: SocketState, untilMs: number): Promise<void> {
    while (state === what) {
        const leftMs = untilMs - ds.millis()
        if (leftMs <= 0) {
            state = SocketState.Abandoned
            throw new Fault(FaultKind.Timeout, "connect timed out")
        }
        await wait(leftMs)
    }
}

/**
 * Opens the link. While an attempt given up earlier is still unresolved it waits for that one first:
 * the worker does one at a time, and its late outcome must not be taken for the new one's.
 * @param sink gets what is received, inside the event: no await in it; what it throws breaks the link
 */
export async function connect(
    host: string,
    port: number,
    tls: boolean,
    timeoutMs: number,
    sink: (chunk: Buffer) => void
): Promise<void> {
    close()
    const untilMs = ds.millis() + timeoutMs
    await ds.sleep(SETTLE_MS)
    await waitForStateChange(SocketState.Abandoned, untilMs)
    onData = sink
    const natives = ds as SocketNatives
    natives._socketOnEvent = onEvent
    try {
        natives._socketOpen(host, tls ? -port : port)
    } catch (e) {
        // All that it throws for a valid host and port: "network not available".
        throw new Fault(FaultKind.Offline, (e as Error).message)
    }
    state = SocketState.Connecting
    await waitForStateChange(SocketState.Connecting, untilMs)
    if (isClosed()) throw lost
}

/** Queues `bytes` as one write. What leaves the link unusable closes it before it throws. */
export async function send(bytes: Buffer): Promise<void> {
    if (bytes.length > SEND_MAX_BYTES) throw new Fault(FaultKind.Rejected, "over 1280 bytes in one packet")
    for (let i = 0; i < WRITES_MAX && state === SocketState.Open; i++) {
        const result = (ds as SocketNatives)._socketWrite(bytes)
        if (!result) return
        if (result !== -1) break
        await ds.sleep(10)
    }
    if (state === SocketState.Open) lost = new Fault(FaultKind.Network, "send failed")
    const why = lost
    close()
    throw why
}

/**
 * Ends the link at once: what was queued last is lost unless it had a moment to leave. Does nothing
 * while there is none, or none yet.
 */
export function close(): void {
    if (state !== SocketState.Open && state !== SocketState.Broken) return
    state = SocketState.Closed
    ;(ds as SocketNatives)._socketClose()
}
