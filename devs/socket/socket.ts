// The only socket of the runtime, on its native functions: deadlines, refused writes, explicit states. `@devicescript/net`
// loses an `open` event if data follows immediately. It also throws on a full queue and leaks fibers (runtime-facts.md,
// D6, D9 and 3.1). Only one fiber at a time may use this module.

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
    /** `connect` timed out but the worker still connects. Closing could free TLS contexts in use (runtime-facts.md, 3.2). */
    Abandoned,
    Open,
    /** Open for the runtime but unusable: bytes were lost, refused or invalid. */
    Broken,
}

/** TLS aborts the chip at 4,096 bytes (runtime-facts.md, D8). The longest CONNECT needs a little more than 1 KB. */
export const SEND_MAX_BYTES = 1280

/** A write is tried this many times, 10 ms apart. A queue that stays full for 2 s means a dead connection. */
const WRITES_MAX = 200

/** The events of the last connection arrive within this time: two ticks of the main loop. */
const SETTLE_MS = 20

let state = SocketState.Closed
/** Why the connection is closed. */
export let closeReason = new Fault(FaultKind.Network, "not connected")
let onData: (chunk: Buffer) => void
/** When bytes last arrived, in ms of uptime. The watchdog counts this as progress. */
export let lastReceivedMs = 0
let waiter: ds.Fiber

function onEvent(event: SocketEvent, arg?: Buffer | string): void {
    if (event === "data") takeData(arg as Buffer)
    else if (event === "open") {
        if (state === SocketState.Connecting) state = SocketState.Open
        else if (state === SocketState.Abandoned) {
            // The worker is idle again, so closing is safe now.
            state = SocketState.Closed
            ;(ds as SocketNatives)._socketClose()
        }
    } else if (state !== SocketState.Closed) {
        state = SocketState.Closed
        closeReason = new Fault(FaultKind.Network, arg ? "socket: " + arg : "closed by peer")
    }
    if (waiter && waiter.suspended) waiter.resume(undefined)
}

/** Consumes the bytes inside the event, so that a burst never fills the heap. */
function takeData(chunk: Buffer): void {
    if (state !== SocketState.Open) return
    lastReceivedMs = ds.millis()
    try {
        // No buffer: the runtime could not allocate memory, and the bytes are lost.
        if (!chunk) throw new Fault(FaultKind.Network, "received bytes lost")
        onData(chunk)
    } catch (e) {
        // An error that escapes from an event restarts the program (runtime-facts.md, D10).
        state = SocketState.Broken
        closeReason = e as Fault
    }
}

/** Returns whether the connection is open. */
export function isOpen(): boolean {
    return state === SocketState.Open
}

/** Waits for an event of the socket, at most for `ms`. */
export async function wait(ms: number): Promise<void> {
    if (ms <= 0) return
    waiter = ds.Fiber.self()
    await ds.suspend(ms)
    waiter = undefined
}

async function waitForStateChange(from: SocketState, untilMs: number): Promise<void> {
    while (state === from) {
        const leftMs = untilMs - ds.millis()
        if (leftMs <= 0) {
            state = SocketState.Abandoned
            throw new Fault(FaultKind.Timeout, "connect timed out")
        }
        await wait(leftMs)
    }
}

/**
 * Opens the connection. Waits first for an earlier attempt that timed out and is still in progress. The worker does one
 * attempt at a time, and the late result of an attempt must not count for the next attempt. Throws Fault.
 * @param sink receives the bytes inside the event, so it must not await; an error that it throws breaks the connection
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
        // For a valid host and port, the only error is "network not available".
        throw new Fault(FaultKind.Offline, (e as Error).message)
    }
    state = SocketState.Connecting
    await waitForStateChange(SocketState.Connecting, untilMs)
    if (!isOpen()) throw closeReason
}

/** Queues `bytes` as one write. Throws Fault, and closes the connection before that if it is unusable. */
export async function send(bytes: Buffer): Promise<void> {
    if (bytes.length > SEND_MAX_BYTES) throw new Fault(FaultKind.Rejected, "packet over 1280 bytes")
    for (let i = 0; i < WRITES_MAX && isOpen(); i++) {
        const result = (ds as SocketNatives)._socketWrite(bytes)
        if (!result) return
        if (result !== -1) break
        await ds.sleep(10)
    }
    if (isOpen()) closeReason = new Fault(FaultKind.Network, "send failed")
    close()
    throw closeReason
}

/**
 * Closes the connection immediately. Bytes that were queued shortly before may be lost. Does nothing if no connection is
 * open.
 */
export function close(): void {
    if (state !== SocketState.Open && state !== SocketState.Broken) return
    state = SocketState.Closed
    ;(ds as SocketNatives)._socketClose()
}
