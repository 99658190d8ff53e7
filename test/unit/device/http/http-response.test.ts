// The HTTP parser, devs/http/http-response.ts.
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseResponse } from "../../../../devs/http/http-response"

const DATE = "Mon, 23 Nov 2026 17:30:01 GMT"

function bytes(...lines: string[]): Buffer {
    return Buffer.from(lines.join("\r\n"))
}

describe("an HTTP response", () => {
    test("is complete at its last byte when it has a Content-Length", () => {
        const whole = bytes(
            "HTTP/1.1 202 Accepted",
            `date: ${DATE}`,
            "Retry-After: 3",
            "Content-Length: 7",
            "",
            "{é: 1}"
        )
        for (let size = 0; size < whole.length; size++)
            expect(parseResponse(whole.slice(0, size), false, false)).toBeUndefined()
        expect(parseResponse(whole, false, false)).toEqual({
            status: 202,
            date: DATE,
            retryAfterSec: 3,
            body: "{é: 1}",
        })
    })

    test("is joined from chunks of any size", () => {
        fc.assert(
            fc.property(fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 8 }), pieces => {
                const chunks = pieces.map(piece => {
                    const size = Buffer.from(piece).length.toString(16)
                    return `${size};note=1\r\n${piece}\r\n`
                })
                const whole = bytes(
                    "HTTP/1.1 200 OK",
                    "Transfer-Encoding: chunked",
                    "",
                    `${chunks.join("")}0\r\n\r\n`
                )
                expect(parseResponse(whole, false, false)?.body).toBe(pieces.join(""))
                expect(parseResponse(whole.slice(0, whole.length - 5), false, false)).toBeUndefined()
            })
        )
    })

    test("ends when the peer closes if it has no length", () => {
        const whole = bytes("HTTP/1.1 401 Unauthorized", `Date: ${DATE}`, "", "nope")
        expect(parseResponse(whole, false, false)).toBeUndefined()
        expect(parseResponse(whole, true, false)).toMatchObject({
            status: 401,
            body: "nope",
        })
    })

    test("has no body when it answers a HEAD request, whatever its Content-Length is", () => {
        const head = bytes(
            "HTTP/1.1 404 Not Found",
            `Date: ${DATE}`,
            "Content-Length: 99",
            "Connection: close",
            "",
            ""
        )
        expect(parseResponse(head, false, true)).toMatchObject({
            status: 404,
            date: DATE,
            body: "",
        })
    })

    test("is parsed without an exception when it consists of random bytes", () => {
        fc.assert(
            fc.property(fc.uint8Array({ maxLength: 300 }), noise => {
                const buffer = Buffer.concat([
                    Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                    noise,
                ])
                expect(() => parseResponse(buffer, true, false)).not.toThrow()
                expect(() => parseResponse(Buffer.from(noise), true, false)).not.toThrow()
            }),
            { numRuns: 2000 }
        )
    })
})
