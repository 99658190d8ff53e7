// HTTPS, as little of it as DPS needs: one request at a time on the board's one socket.

import * as ds from "@devicescript/core"
import { Fault, FaultKind } from "../contract/fault"
import { close, connect, isClosed, closeReason, send, wait } from "../socket/socket"
import { type HttpResponse, parseResponse } from "./http-response"

export type { HttpResponse } from "./http-response"

/** Head and body together; a longer response is refused, not stored. */
const RESPONSE_MAX = 3072
const ANSWER_MS = 30_000

let inbox: Buffer
let inboxSize = 0

function collect(chunk: Buffer): void {
    if (!inbox) return
    if (inboxSize + chunk.length > RESPONSE_MAX) throw new Fault(FaultKind.Protocol, "HTTP response too long")
    inbox.set(chunk, inboxSize)
    inboxSize += chunk.length
}

/** Opens the connection for requestHttp(). Throws Fault. */
export async function openHttp(host: string, port: number, tls: boolean): Promise<void> {
    await connect(host, port, tls, ANSWER_MS, collect)
}

/**
 * Sends one request and waits for its response, 30 s at most. Throws Fault.
 * @param head request line and headers, each ended by CR LF; Content-Length is added here
 */
export async function requestHttp(head: string, body: string): Promise<HttpResponse> {
    inbox = Buffer.alloc(RESPONSE_MAX)
    inboxSize = 0
    try {
        await send(Buffer.from(head + "Content-Length: " + body.length + "\r\n\r\n" + body))
        const untilMs = ds.millis() + ANSWER_MS
        for (;;) {
            const ended = isClosed()
            const response = parseResponse(inbox.slice(0, inboxSize), ended, head.charAt(0) === "H")
            if (response) return response
            if (ended) throw closeReason()
            const leftMs = untilMs - ds.millis()
            if (leftMs <= 0) throw new Fault(FaultKind.Timeout, "no HTTP response")
            await wait(leftMs)
        }
    } finally {
        inbox = undefined
    }
}

/** Ends the connection. */
export function closeHttp(): void {
    close()
}
