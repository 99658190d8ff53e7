// An HTTP/1.1 response, read from whatever has arrived so far (RFC 9112). Pure.

export interface HttpResponse {
    status: number
    /** Value of `Date`, empty when absent. */
    date: string
    /** Whole seconds of `Retry-After`, 0 when absent or a date. */
    retryAfterSec: number
    body: string
}

/** The value of header `name` (lower case) in `head`, or "". */
function header(head: string, lower: string, name: string): string {
    const at = lower.indexOf("\r\n" + name + ":")
    if (at < 0) return ""
    let from = at + name.length + 3
    while (head.charAt(from) === " ") from++
    return head.slice(from, head.indexOf("\r\n", from))
}

/** The body out of its chunks, or undefined while the last one is missing. [RFC 9112, 7.1] */
function joinChunks(bytes: Buffer, at: number): Buffer | undefined {
    const body = Buffer.alloc(bytes.length)
    let size = 0
    for (;;) {
        const lineEnd = bytes.indexOf(10, at)
        if (lineEnd < 0) return undefined
        const line = bytes.slice(at, lineEnd).toString()
        const chunk = parseInt("0x" + line)
        // The board's parseInt makes 0 of what is no number: that is not the last chunk.
        if (!chunk) return line.charAt(0) === "0" ? body.slice(0, size) : undefined
        at = lineEnd + 1
        if (bytes.length < at + chunk + 2) return undefined
        body.set(bytes.slice(at, at + chunk), size)
        size += chunk
        at += chunk + 2
    }
}

/** Where the last line of the head ends, the blank line being next, or -1. */
function findHeadEnd(bytes: Buffer): number {
    let at = bytes.indexOf(10)
    while (at >= 0 && bytes[at + 2] !== 10) at = bytes.indexOf(10, at + 1)
    return at
}

/**
 * The response that `bytes` begins with, or undefined while it is not whole or is not one.
 * @param ended whether the peer has closed, which ends a body without a length
 * @param bodiless whether the request was a HEAD, whose answer has no body
 */
export function parseResponse(bytes: Buffer, ended: boolean, bodiless: boolean): HttpResponse | undefined {
    const headEnd = findHeadEnd(bytes)
    if (headEnd < 0) return undefined
    const head = bytes.slice(0, headEnd + 1).toString()
    const lower = head.toLowerCase()
    const from = headEnd + 3
    const length = parseInt(header(lower, lower, "content-length"))
    let body: Buffer | undefined
    if (bodiless) body = Buffer.alloc(0)
    else if (header(lower, lower, "transfer-encoding") === "chunked") body = joinChunks(bytes, from)
    else if (length >= 0) body = bytes.length >= from + length ? bytes.slice(from, from + length) : undefined
    else body = ended ? bytes.slice(from, bytes.length) : undefined
    if (!body) return undefined
    return {
        status: parseInt(head.slice(9, 12)),
        date: header(head, lower, "date"),
        retryAfterSec: parseInt(header(lower, lower, "retry-after")) || 0,
        body: body.toString(),
    }
}
