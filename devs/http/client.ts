// HTTPS, as little of it as DPS needs: one request at a time on the board's one socket.

import * as ds from "@devicescript/core"
import { Fault, FaultKind } from "../fault"
import { close, connect, isClosed, send, wait } from "../socket/index"
import { type HttpResponse, parseResponse } from "./response"

export type { HttpResponse } from "./response"

/** Head and body together; a longer response is refused, not stored. */
const RESPONSE_MAX = 3072
const ANSWER_MS = 30_000

let inbox: Buffer
let inboxSize = 0
let overflow = false

function collect(chunk: Buffer): void {
    if (!inbox) return
    if (inboxSize + chunk.length > RESPONSE_MAX) {
        overflow = true
        return
    }
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
    overflow = false
    try {
        await send(Buffer.from(head + "Content-Length: " + body.length + "\r\n\r\n" + body))
        const untilMs = ds.millis() + ANSWER_MS
        for (;;) {
            const ended = isClosed()
            const response = parseResponse(inbox.slice(0, inboxSize), ended, head.charAt(0) === "H")
            if (response) return response
            const leftMs = untilMs - ds.millis()
            let kind = FaultKind.Timeout
            if (overflow) kind = FaultKind.Protocol
            else if (ended) kind = FaultKind.Network
            else if (leftMs > 0) {
                await wait(leftMs)
                continue
            }
            throw new Fault(kind, "no HTTP response")
        }
    } finally {
        inbox = undefined
    }
}

/** Ends the connection. */
export function closeHttp(): void {
    close()
}
