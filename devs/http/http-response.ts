// Parser for an HTTP/1.1 response that may still be incomplete (RFC 9112). Pure.

import { parseHttpDate } from "../encoding/http-date"

/** The body of a response that is too long. It is not JSON, so it is never taken for an answer. */
const LONG_BODY = "..."

export interface HttpResponse {
    status: number
    /** Value of `Date`, empty if absent. */
    date: string
    /** Seconds of `Retry-After`, or its HTTP date minus `Date`. 0 if there is no such value. Not bounded. */
    retryAfterSec: number
    body: string
}

/** Returns the first position from `at` on, in steps of `step`, that has neither a space nor a tab. */
function skipBlanks(text: string, at: number, step: number): number {
    let code = text.charCodeAt(at)
    while (code === 32 || code === 9) {
        at += step
        code = text.charCodeAt(at)
    }
    return at
}

/**
 * Returns the value of header `name` (lower case) in `head` without the white space around it (RFC 9112, section 5.1),
 * or "". `lower` is `head` or `head` in lower case.
 */
function header(head: string, lower: string, name: string): string {
    const at = lower.indexOf("\r\n" + name + ":")
    const end = lower.indexOf("\r\n", at + 2)
    if (at < 0 || end < 0) return ""
    const from = skipBlanks(head, at + name.length + 3, 1)
    return from < end ? head.slice(from, skipBlanks(head, end - 1, -1) + 1) : ""
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
        if (!(chunk > 0)) return line.charAt(0) === "0" ? body.slice(0, size) : undefined
        at = lineEnd + 1
        if (bytes.length < at + chunk + 2) return undefined
        body.set(bytes.slice(at, at + chunk), size)
        size += chunk
        at += chunk + 2
    }
}

/**
 * Returns the response at the start of `bytes`, or undefined if it is incomplete or not a response. Skips interim
 * responses such as 100 (RFC 9110, section 15.2).
 * @param hasEnded whether the peer has closed the connection, which ends a body without a length
 * @param isBodiless whether the request was a HEAD, whose response has no body
 * @param isCut whether the response has more bytes than the caller keeps; it then counts without its body
 */
export function parseResponse(
    bytes: Buffer,
    hasEnded: boolean,
    isBodiless: boolean,
    isCut: boolean
): HttpResponse | undefined {
    let from = 0
    let head = ""
    // A loop, because a recursive call for each interim response could exceed the call depth of the runtime.
    while (!head || head.charAt(9) === "1") {
        // The head ends with the line before the first blank line.
        let headEnd = bytes.indexOf(10, from)
        while (headEnd >= 0 && bytes[headEnd + 2] !== 10) headEnd = bytes.indexOf(10, headEnd + 1)
        if (headEnd < 0) return undefined
        head = bytes.slice(from, headEnd + 1).toString()
        from = headEnd + 3
    }
    const lower = head.toLowerCase()
    const status = parseInt(head.slice(9, 12))
    const length = parseInt(header(lower, lower, "content-length"))
    let body: Buffer | undefined
    if (isBodiless || status === 204 || status === 304) body = Buffer.alloc(0)
    else if (header(lower, lower, "transfer-encoding") === "chunked") body = joinChunks(bytes, from)
    else if (length >= 0) body = bytes.length >= from + length ? bytes.slice(from, from + length) : undefined
    else body = hasEnded && !isCut ? bytes.slice(from, bytes.length) : undefined
    if (!body && !isCut) return undefined
    const date = header(head, lower, "date")
    const retryAfter = header(head, lower, "retry-after")
    let sec = parseInt(retryAfter)
    if (!(sec > 0)) sec = (parseHttpDate(retryAfter) as number) - (parseHttpDate(date) as number)
    return {
        status,
        date,
        retryAfterSec: sec > 0 ? sec : 0,
        body: body ? body.toString() : LONG_BODY,
    }
}
