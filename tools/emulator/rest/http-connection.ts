import type { Link } from "@moorage/runtime"
import type { Timer } from "@moorage/runtime"
import type { Cloud } from "../cloud.js"
import type { FaultPoint } from "../faults/injected-fault.js"
import { applyFault } from "../faults/apply-fault.js"
import { faultPoint, type HttpReply, serveDeviceApi } from "./device-api.js"
import { type Api, findApi } from "./service/api-of-host.js"
import { type ServiceApiRequest, serveServiceApi } from "./service/serve-service-api.js"

const HEAD_MAX_BYTES = 8 * 1024
/** DPS takes messages of up to 96 KB. */
const BODY_MAX_BYTES = 96 * 1024
/** A hub takes direct methods of up to 128 KB and bulks of 100 devices. */
const HUB_BODY_MAX_BYTES = 256 * 1024

/** A connection on which nothing is asked for this long is closed. */
const IDLE_MAX_MS = 120_000

const REASONS: Record<number, string> = {
    200: "OK",
    202: "Accepted",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}

/** A request at the start of `bytes` and where it ends; undefined while it is not whole. */
function parseRequest(
    bytes: Buffer,
    bodyMaxBytes: (host: string | undefined) => number
): { request: ServiceApiRequest; end: number; close: boolean } | "malformed" | "too large" | undefined {
    const headEnd = bytes.indexOf("\r\n\r\n")
    if ((headEnd < 0 ? bytes.length : headEnd) > HEAD_MAX_BYTES) return "too large"
    if (headEnd < 0) return undefined
    const [first, ...lines] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n")
    const match = /^([A-Z]+) (\/\S*) HTTP\/1\.([01])$/.exec(first)
    if (!match) return "malformed"
    const headers: Record<string, string> = {}
    for (const line of lines) {
        const colon = line.indexOf(":")
        if (colon < 1) return "malformed"
        headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
    }
    const length = Number(headers["content-length"] ?? 0)
    if (!/^\d*$/.test(headers["content-length"] ?? "") || headers["transfer-encoding"]) return "malformed"
    if (length > bodyMaxBytes(headers.host)) return "too large"
    const end = headEnd + 4 + length
    if (bytes.length < end) return undefined
    const body = bytes.subarray(headEnd + 4, end)
    return {
        request: { method: match[1], url: match[2], headers, body: body.toString(), bytes: body },
        end,
        close: match[3] === "0" || /(^|,)\s*close\s*(,|$)/i.test(headers.connection ?? ""),
    }
}

function formatReply(reply: HttpReply, request: ServiceApiRequest | undefined, close: boolean): Buffer {
    const body = Buffer.from(reply.body)
    const headers: Record<string, string> = { ...reply.headers }
    // 204 never has a body, nor a length of it (RFC 9110, 8.6).
    if (reply.status !== 204) headers["Content-Length"] = String(body.length)
    if (close) headers.Connection = "close"
    const head = [`HTTP/1.1 ${reply.status} ${REASONS[reply.status] ?? "Status"}`]
    for (const [name, value] of Object.entries(headers)) head.push(`${name}: ${value}`)
    const text = Buffer.from(`${head.join("\r\n")}\r\n\r\n`)
    return request?.method === "HEAD" ? text : Buffer.concat([text, body])
}

/** What a fault plan may be asked about a request. */
function findFaultPoint(api: Api, request: ServiceApiRequest): FaultPoint {
    if (api.kind === "device") return faultPoint(request)
    return { kind: "other", service: api.kind === "hub" ? api.hub.hostName : "dps", id: "" }
}

/** Serves HTTP/1.1 on a byte stream: requests one after another, kept alive unless asked to close. */
export function acceptHttp(cloud: Cloud, link: Link): void {
    let received = Buffer.alloc(0)
    let open = true
    /** A request is being done; the next one waits, for answers keep their order. */
    let busy = false
    let taking = false
    /** How much may still be sent. */
    let leftBytes = Infinity
    let idle: Timer | undefined

    /** Starts the clock that ends a connection on which nothing is asked. */
    function rest(): void {
        idle?.cancel()
        idle = cloud.clock.after(IDLE_MAX_MS, () => {
            if (busy) return rest()
            open = false
            link.close()
        })
    }

    function refuse(status: number): void {
        const headers = { Date: new Date(cloud.clock.nowMs()).toUTCString() }
        open = false
        link.send(formatReply({ status, headers, body: "" }, undefined, true))
        link.close()
    }

    function reply(request: ServiceApiRequest, answer: HttpReply, close: boolean): void {
        cloud.stateStore.whenDurable(() => {
            busy = false
            if (!open) return
            const bytes = formatReply(answer, request, close)
            const cut = bytes.length >= leftBytes
            link.send(cut ? bytes.subarray(0, leftBytes) : bytes)
            leftBytes -= bytes.length
            rest()
            if (!close && !cut) return take()
            open = false
            link.close()
        })
    }

    function serve(request: ServiceApiRequest, close: boolean): void {
        const api = findApi(cloud, request.headers.host)
        busy = true
        applyFault(cloud.findFault, cloud.clock, findFaultPoint(api, request), {
            abort: () => {
                open = false
                link.abort()
            },
            truncateAfter: bytes => {
                leftBytes = bytes
            },
            answer: fault => {
                if (!open) return
                // The device API answers at once, so that a simulated board needs no promise to be kept.
                if (api.kind === "device") reply(request, serveDeviceApi(cloud, request, fault), close)
                else
                    void serveServiceApi(cloud, api, request, fault).then(answer =>
                        reply(request, answer, close)
                    )
            },
        })
    }

    const bodyMaxBytes = (host: string | undefined) =>
        findApi(cloud, host).kind === "hub" ? HUB_BODY_MAX_BYTES : BODY_MAX_BYTES

    /** Serves what has come; an answer that is given at once lets the loop go on. */
    function take(): void {
        if (taking) return
        taking = true
        takeAll()
        taking = false
    }

    function takeAll(): void {
        while (open && !busy && received.length > 0) {
            const parsed = parseRequest(received, bodyMaxBytes)
            if (parsed === undefined) return
            if (typeof parsed === "string") {
                refuse(parsed === "malformed" ? 400 : 413)
                return
            }
            received = received.subarray(parsed.end)
            serve(parsed.request, parsed.close)
        }
    }

    link.listen({
        data: bytes => {
            received = Buffer.concat([received, bytes])
            take()
            // A peer that sends on without waiting for its answers.
            if (open && received.length > HEAD_MAX_BYTES + HUB_BODY_MAX_BYTES) {
                open = false
                link.abort()
            }
        },
        closed: () => {
            open = false
            idle?.cancel()
        },
    })
    rest()
}
