// An HTTPS client with the features that DPS needs: one request at a time on the only socket of the board.

import * as ds from "@devicescript/core"
import { Fault, FaultKind } from "../contract/fault"
import { closeReason, connect, isOpen, send, wait } from "../socket/socket"
import { type HttpResponse, parseResponse } from "./http-response"

export { close as closeHttp } from "../socket/socket"

/** Limit of head and body together. A longer response keeps its head and loses its body. */
const RESPONSE_MAX = 3072
const ANSWER_MS = 30_000

let inbox: Buffer
let inboxSize = 0

function collect(chunk: Buffer): void {
    if (!inbox) return
    const size = Math.min(chunk.length, RESPONSE_MAX - inboxSize)
    if (size <= 0) return
    inbox.blitAt(inboxSize, chunk, 0, size)
    inboxSize += size
}

/** Opens the connection for `requestHttp`. Throws Fault. */
export async function openHttp(host: string, port: number, tls: boolean): Promise<void> {
    await connect(host, port, tls, ANSWER_MS, collect)
}

/**
 * Sends one request and returns its response. Waits at most 30 s. Throws Fault.
 * @param head request line and headers, each with CR LF at its end, without Content-Length
 */
export async function requestHttp(head: string, body: string): Promise<HttpResponse> {
    inbox = Buffer.alloc(RESPONSE_MAX)
    inboxSize = 0
    try {
        await send(Buffer.from(head + "Content-Length: " + body.length + "\r\n\r\n" + body))
        const untilMs = ds.millis() + ANSWER_MS
        for (;;) {
            const hasEnded = !isOpen()
            const isFull = inboxSize === RESPONSE_MAX
            const response = parseResponse(
                inbox.slice(0, inboxSize),
                hasEnded,
                head.charAt(0) === "H",
                isFull
            )
            if (response) return response
            if (isFull) throw new Fault(FaultKind.Protocol, "HTTP response too long")
            if (hasEnded) throw closeReason
            const leftMs = untilMs - ds.millis()
            if (leftMs <= 0) throw new Fault(FaultKind.Timeout, "no HTTP response")
            await wait(leftMs)
        }
    } finally {
        inbox = undefined
    }
}
