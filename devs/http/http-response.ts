// Parser for an HTTP/1.1 response that may still be incomplete (RFC 9112). Pure.

export interface HttpResponse {
    status: number
    /** Value of `Date`, empty if absent. */
    date: string
    /** Seconds of `Retry-After`, 0 if the header is absent or a date. */
    retryAfterSec: number
    body: string
}

/** Returns the value of header `name` (lower case) in `head`, or "". `lower` is `head` or `head` in lower case. */
function header(head: string, lower: string, name: string): string {
    const at = lower.indexOf("\r\n" + name + ":")
    if (at < 0) return ""
    let from = at + name.length + 3
    while (head.charAt(from) === " ") from++
    return head.slice(from, head.indexOf("\r\n", from))
}

/** Returns the body without its chunk headers, or undefined while the last chunk is missing (RFC 9112, section 7.1). */
function joinChunks(bytes: Buffer, at: number): Buffer | undefined {
    const body = Buffer.alloc(bytes.length)
    let size = 0
    for (;;) {
        const lineEnd = bytes.indexOf(10, at)
        if (lineEnd < 0) return undefined
        const line = bytes.slice(at, lineEnd).toString()
        const chunk = parseInt("0x" + line)
        // On the board, parseInt of a text that is no number returns 0. This is not the last chunk.
        if (!chunk) return line.charAt(0) === "0" ? body.slice(0, size) : undefined
        at = lineEnd + 1
        if (bytes.length < at + chunk + 2) return undefined
        body.set(bytes.slice(at, at + chunk), size)
        size += chunk
        at += chunk + 2
    }
}

/**
 * Returns the response at the start of `bytes`, or undefined if it is incomplete or not a response.
 * @param hasEnded whether the peer has closed the connection, which ends a body without a length
 * @param isBodiless whether the request was a HEAD, whose response has no body
 */
export function parseResponse(
    bytes: Buffer,
    hasEnded: boolean,
    isBodiless: boolean
): HttpResponse | undefined {
    // The head ends with the line before the first blank line.
    let headEnd = bytes.indexOf(10)
    while (headEnd >= 0 && bytes[headEnd + 2] !== 10) headEnd = bytes.indexOf(10, headEnd + 1)
    if (headEnd < 0) return undefined
    const head = bytes.slice(0, headEnd + 1).toString()
    const lower = head.toLowerCase()
    const from = headEnd + 3
    const length = parseInt(header(lower, lower, "content-length"))
    let body: Buffer | undefined
    if (isBodiless) body = Buffer.alloc(0)
    else if (header(lower, lower, "transfer-encoding") === "chunked") body = joinChunks(bytes, from)
    else if (length >= 0) body = bytes.length >= from + length ? bytes.slice(from, from + length) : undefined
    else body = hasEnded ? bytes.slice(from, bytes.length) : undefined
    if (!body) return undefined
    return {
        status: parseInt(head.slice(9, 12)),
        date: header(head, lower, "date"),
        retryAfterSec: parseInt(header(lower, lower, "retry-after")) || 0,
        body: body.toString(),
    }
}
