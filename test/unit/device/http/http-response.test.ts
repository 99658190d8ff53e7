// The HTTP parser, devs/http/http-response.ts.
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseResponse } from "../../../../devs/http/http-response"

const DATE = "Mon, 23 Nov 2026 17:30:01 GMT"

/** Parses a response that is not too long. */
const parse = (bytes: Buffer, hasEnded: boolean, isBodiless: boolean) =>
    parseResponse(bytes, hasEnded, isBodiless, false)

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
            expect(parse(whole.slice(0, size), false, false)).toBeUndefined()
        expect(parse(whole, false, false)).toEqual({
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
                expect(parse(whole, false, false)?.body).toBe(pieces.join(""))
                expect(parse(whole.slice(0, whole.length - 5), false, false)).toBeUndefined()
            })
        )
    })

    test("ends when the peer closes if it has no length", () => {
        const whole = bytes("HTTP/1.1 401 Unauthorized", `Date: ${DATE}`, "", "nope")
        expect(parse(whole, false, false)).toBeUndefined()
        expect(parse(whole, true, false)).toMatchObject({
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
        expect(parse(head, false, true)).toMatchObject({
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
                expect(() => parse(buffer, true, false)).not.toThrow()
                expect(() => parse(Buffer.from(noise), true, false)).not.toThrow()
            }),
            { numRuns: 2000 }
        )
    })

    test("has values without the spaces and tabs around them", () => {
        for (const [before, after] of [
            ["", " "],
            ["\t", "\t"],
            [" \t ", "\t \t"],
        ]) {
            const whole = bytes(
                "HTTP/1.1 200 OK",
                `Date:${before}${DATE}${after}`,
                `Retry-After:${before}7${after}`,
                `X-Empty:${before}${after}`,
                `Transfer-Encoding:${before}Chunked${after}`,
                "",
                "2\r\n{}\r\n0\r\n\r\n"
            )
            expect(parse(whole, false, false)).toEqual({
                status: 200,
                date: DATE,
                retryAfterSec: 7,
                body: "{}",
            })
        }
    })

    test("has an empty value when only spaces follow the colon", () => {
        const whole = bytes("HTTP/1.1 200 OK", "Date: \t ", "Content-Length: 0", "", "")
        expect(parse(whole, false, false)).toMatchObject({ date: "", retryAfterSec: 0 })
    })

    test("is the response after any number of interim responses", () => {
        const interim = [
            bytes("HTTP/1.1 100 Continue", "", ""),
            bytes("HTTP/1.1 102 Processing", "Date: soon", "", ""),
            bytes("HTTP/1.1 103 Early Hints", "Link: </a>", "Content-Length: 9", "", ""),
        ]
        const last = bytes("HTTP/1.1 401 Unauthorized", `Date: ${DATE}`, "Content-Length: 2", "", "no")
        for (const before of [...interim.map(each => [each]), interim, Array(150).fill(interim[0])]) {
            const head = Buffer.concat(before)
            expect(parse(head, false, false)).toBeUndefined()
            expect(parse(head, true, true)).toBeUndefined()
            expect(parse(Buffer.concat([head, last]), false, false)).toMatchObject({
                status: 401,
                date: DATE,
                body: "no",
            })
        }
    })

    test.each([[204], [304]])("ends at its header when the status is %i", status => {
        for (const header of ["X-Other: 1", "Content-Length: 12", "Transfer-Encoding: chunked"])
            expect(parse(bytes(`HTTP/1.1 ${status} x`, header, "", ""), false, false)).toMatchObject({
                status,
                body: "",
            })
    })

    test("counts a Retry-After with a date from the Date of the same response", () => {
        const retryAfterSec = (...headers: string[]) =>
            parse(bytes("HTTP/1.1 429 x", ...headers, "Content-Length: 0", "", ""), false, false)
                ?.retryAfterSec
        const date = `Date: ${DATE}`
        expect(retryAfterSec(date, "Retry-After: Mon, 23 Nov 2026 17:32:01 GMT")).toBe(120)
        expect(retryAfterSec("Retry-After: Monday, 23-Nov-26 17:30:11 GMT", date)).toBe(10)
        // Without a Date, with a malformed date and with a date in the past.
        expect(retryAfterSec("Retry-After: Mon, 23 Nov 2026 17:32:01 GMT")).toBe(0)
        expect(retryAfterSec(date, "Retry-After: soon")).toBe(0)
        expect(retryAfterSec(date, "Retry-After: Mon, 23 Nov 2026 17:30:00 GMT")).toBe(0)
    })

    test("keeps its status and loses its body when it is too long", () => {
        const cut = (...lines: string[]) => parseResponse(bytes(...lines), false, false, true)
        const page = "<p>blocked</p>".repeat(300)
        for (const header of ["Content-Length: 5000", "Transfer-Encoding: chunked", "X-Other: 1"]) {
            const response = cut("HTTP/1.1 403 Forbidden", "Retry-After: 9", header, "", page)
            expect(response).toMatchObject({ status: 403, retryAfterSec: 9 })
            expect(response?.body.length).toBeLessThan(10)
        }
        // The lost body of a successful response must not count as an empty body.
        expect(() => JSON.parse(cut("HTTP/1.1 200 OK", "", page)?.body ?? "")).toThrow()
        expect(cut("HTTP/1.1 200 OK", "X-Long: 1")).toBeUndefined()
    })
})
