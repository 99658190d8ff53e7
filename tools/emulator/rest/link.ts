import type { Link } from "@moorage/link"
import type { Cloud } from "../cloud.js"
import { underFaults } from "../faults.js"
import { faultPoint, type HttpReply, type HttpRequest, serveDeviceApi } from "./deviceapi.js"

const HEAD_MAX_BYTES = 8 * 1024
/** DPS takes messages of up to 96 KB. */
const BODY_MAX_BYTES = 96 * 1024

const REASONS: Record<number, string> = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    413: "Content Too Large",
    429: "Too Many Requests",
    503: "Service Unavailable",
}

/** A request at the start of `bytes` and where it ends; undefined while it is not whole. */
function parseRequest(
    bytes: Buffer
): { request: HttpRequest; end: number } | "malformed" | "too large" | undefined {
    const headEnd = bytes.indexOf("\r\n\r\n")
    if (headEnd < 0) return bytes.length > HEAD_MAX_BYTES ? "too large" : undefined
    const [first, ...lines] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n")
    const match = /^([A-Z]+) (\/\S*) HTTP\/1\.[01]$/.exec(first)
    if (!match) return "malformed"
    const headers: Record<string, string> = {}
    for (const line of lines) {
        const colon = line.indexOf(":")
        if (colon < 1) return "malformed"
        headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
    }
    const length = Number(headers["content-length"] ?? 0)
    if (!Number.isInteger(length) || length < 0 || headers["transfer-encoding"]) return "malformed"
    if (length > BODY_MAX_BYTES) return "too large"
    const end = headEnd + 4 + length
    if (bytes.length < end) return undefined
    const body = bytes.subarray(headEnd + 4, end).toString()
    return { request: { method: match[1], url: match[2], headers, body }, end }
}

function formatReply(reply: HttpReply, request: HttpRequest | undefined, close: boolean): Buffer {
    const body = Buffer.from(reply.body)
    const headers: Record<string, string> = { ...reply.headers, "Content-Length": String(body.length) }
    if (close) headers.Connection = "close"
    const head = [`HTTP/1.1 ${reply.status} ${REASONS[reply.status] ?? "Status"}`]
    for (const [name, value] of Object.entries(headers)) head.push(`${name}: ${value}`)
    const text = Buffer.from(`${head.join("\r\n")}\r\n\r\n`)
    return request?.method === "HEAD" ? text : Buffer.concat([text, body])
}

/** Serves HTTP/1.1 on a byte stream: requests one after another, kept alive unless asked to close. */
export function acceptHttp(cloud: Cloud, link: Link): void {
    let received = Buffer.alloc(0)
    let open = true

    function refuse(status: number): void {
        const headers = { Date: new Date(cloud.clock.nowMs()).toUTCString() }
        open = false
        link.send(formatReply({ status, headers, body: "" }, undefined, true))
        link.close()
    }

    function serve(request: HttpRequest): void {
        const close = request.headers.connection?.toLowerCase() === "close"
        underFaults(cloud.faults, cloud.clock, faultPoint(request), {
            abort: () => {
                open = false
                link.abort()
            },
            answer: fault => {
                if (!open) return
                link.send(formatReply(serveDeviceApi(cloud, request, fault), request, close))
                if (!close) return
                open = false
                link.close()
            },
        })
    }

    function take(): void {
        while (open && received.length > 0) {
            const parsed = parseRequest(received)
            if (parsed === undefined) return
            if (typeof parsed === "string") {
                refuse(parsed === "malformed" ? 400 : 413)
                return
            }
            received = received.subarray(parsed.end)
            serve(parsed.request)
        }
    }

    link.listen({
        data: bytes => {
            received = Buffer.concat([received, bytes])
            take()
        },
        closed: () => {
            open = false
        },
    })
}
