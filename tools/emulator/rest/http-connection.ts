// HTTP for devices and services: serves the DPS device API and the service APIs over links.
import type { Link, Timer } from "@moorage/runtime"
import type { Cloud } from "../cloud.js"
import type { FaultPoint } from "../faults/injected-fault.js"
import { applyFault } from "../faults/apply-fault.js"
import { deviceApiFaultPoint, type HttpReply, serveDeviceApi } from "./device-api.js"
import { type Api, findApi } from "./service/api-of-host.js"
import { type ServiceApiRequest, serveServiceApi } from "./service/serve-service-api.js"

const HEAD_MAX_BYTES = 8 * 1024
/** DPS accepts requests of up to 96 KB. */
const DPS_BODY_MAX_BYTES = 96 * 1024
/** A hub accepts direct methods of up to 128 KB and bulk operations on 100 devices. */
const HUB_BODY_MAX_BYTES = 256 * 1024

/** The time without a request after which a connection is closed. */
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

/**
 * Returns the request at the start of `bytes`, its end, and whether it is the last request of the connection. Returns
 * undefined if the request is incomplete.
 */
function parseRequest(
    bytes: Buffer,
    bodyMaxBytes: (host: string | undefined) => number
): { request: ServiceApiRequest; end: number; isLast: boolean } | "malformed" | "too large" | undefined {
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
        isLast: match[3] === "0" || /(^|,)\s*close\s*(,|$)/i.test(headers.connection ?? ""),
    }
}

function formatReply(reply: HttpReply, request: ServiceApiRequest | undefined, isLast: boolean): Buffer {
    const body = Buffer.from(reply.body)
    const headers: Record<string, string> = { ...reply.headers }
    // 204 has neither a body nor Content-Length (RFC 9110, 8.6).
    if (reply.status !== 204) headers["Content-Length"] = String(body.length)
    if (isLast) headers.Connection = "close"
    const head = [`HTTP/1.1 ${reply.status} ${REASONS[reply.status] ?? "Status"}`]
    for (const [name, value] of Object.entries(headers)) head.push(`${name}: ${value}`)
    const text = Buffer.from(`${head.join("\r\n")}\r\n\r\n`)
    return request?.method === "HEAD" ? text : Buffer.concat([text, body])
}

/** Returns the fault point of a request. */
function findFaultPoint(api: Api, request: ServiceApiRequest): FaultPoint {
    if (api.kind === "device") return deviceApiFaultPoint(request)
    return { kind: "other", service: api.kind === "hub" ? api.hub.hostName : "dps", id: "" }
}

/** An open connection either waits for a request or processes one, because answers keep the order of the requests. */
type HttpConnectionState = "waitingForRequest" | "processing" | "closed"

/** One HTTP/1.1 connection. It processes one request after another and stays open unless the client asks to close it. */
class HttpConnection {
    private state: HttpConnectionState = "waitingForRequest"
    private received = Buffer.alloc(0)
    /** Whether processReceived() is running. An immediate answer would call it again. */
    private isReading = false
    /** The number of bytes after which an injected fault closes the connection. */
    private sendBudgetBytes = Infinity
    private idleTimer: Timer | undefined

    constructor(
        private readonly cloud: Cloud,
        private readonly link: Link
    ) {
        link.listen({
            data: bytes => this.onData(bytes),
            closed: () => {
                this.state = "closed"
                this.idleTimer?.cancel()
            },
        })
        this.restartIdleTimer()
    }

    private onData(bytes: Uint8Array): void {
        this.received = Buffer.concat([this.received, bytes])
        this.processReceived()
        // The client sends without waiting for the answers.
        if (this.received.length > HEAD_MAX_BYTES + HUB_BODY_MAX_BYTES) this.abort()
    }

    /** Closes the connection after {@link IDLE_MAX_MS} without a request. */
    private restartIdleTimer(): void {
        this.idleTimer?.cancel()
        this.idleTimer = this.cloud.clock.after(IDLE_MAX_MS, () => {
            if (this.state === "processing") this.restartIdleTimer()
            else this.close()
        })
    }

    private processReceived(): void {
        if (this.isReading) return
        this.isReading = true
        while (this.state === "waitingForRequest" && this.received.length > 0) {
            const parsed = parseRequest(this.received, host => this.bodyMaxBytes(host))
            if (parsed === undefined) break
            if (typeof parsed === "string") this.refuse(parsed === "malformed" ? 400 : 413)
            else {
                this.received = this.received.subarray(parsed.end)
                this.process(parsed.request, parsed.isLast)
            }
        }
        this.isReading = false
    }

    private process(request: ServiceApiRequest, isLast: boolean): void {
        const { cloud } = this
        const api = findApi(cloud, request.headers.host)
        this.state = "processing"
        applyFault(cloud, findFaultPoint(api, request), {
            abort: () => this.abort(),
            truncateAfter: bytes => {
                this.sendBudgetBytes = bytes
            },
            answer: fault => {
                if (this.state === "closed") return
                // The device API answers without a promise, so that a simulated board does not have to wait for one.
                if (api.kind === "device") this.reply(request, serveDeviceApi(cloud, request, fault), isLast)
                else
                    void serveServiceApi(cloud, { api, request, fault }).then(answer =>
                        this.reply(request, answer, isLast)
                    )
            },
        })
    }

    private reply(request: ServiceApiRequest, answer: HttpReply, isLast: boolean): void {
        this.cloud.stateStore.whenDurable(() => {
            if (this.state === "closed") return
            this.state = "waitingForRequest"
            const bytes = formatReply(answer, request, isLast)
            const isTruncated = bytes.length >= this.sendBudgetBytes
            this.link.send(isTruncated ? bytes.subarray(0, this.sendBudgetBytes) : bytes)
            this.sendBudgetBytes -= bytes.length
            this.restartIdleTimer()
            if (isLast || isTruncated) this.close()
            else this.processReceived()
        })
    }

    /** Answers a request that cannot be parsed, and closes the connection. */
    private refuse(status: number): void {
        const headers = { Date: new Date(this.cloud.clock.nowMs()).toUTCString() }
        this.link.send(formatReply({ status, headers, body: "" }, undefined, true))
        this.close()
    }

    private close(): void {
        this.state = "closed"
        this.link.close()
    }

    private abort(): void {
        if (this.state === "closed") return
        this.state = "closed"
        this.link.abort()
    }

    private bodyMaxBytes(host: string | undefined): number {
        return findApi(this.cloud, host).kind === "hub" ? HUB_BODY_MAX_BYTES : DPS_BODY_MAX_BYTES
    }
}

/** Serves one HTTP/1.1 connection. The Host header selects the DPS device API or a service API. */
export function acceptHttp(cloud: Cloud, link: Link): void {
    new HttpConnection(cloud, link)
}
