// The pure encoders and decoders of devs/encoding.
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { fromBase64, toBase64 } from "../../../../devs/encoding/base64"
import { parseHttpDate } from "../../../../devs/encoding/http-date"
import { percentEncode } from "../../../../devs/encoding/percent-encoding"

describe("Base64", () => {
    test("encodes and decodes any bytes as Node does", () => {
        fc.assert(
            fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
                const buffer = Buffer.from(bytes)
                expect(toBase64(buffer)).toBe(buffer.toString("base64"))
                expect(fromBase64(buffer.toString("base64"))).toEqual(buffer)
            }),
            { numRuns: 1000 }
        )
    })

    test("decodes malformed or unpadded text to undefined", () => {
        for (const text of ["a", "ab=", "a===", "====", "ab c", "=abc", "é===", "ab-_"])
            expect(fromBase64(text), text).toBeUndefined()
    })
})

describe("percent-encoding", () => {
    test("encodes as encodeURIComponent does, and also the marks that RFC 3986 reserves", () => {
        fc.assert(
            fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), text => {
                const strict = encodeURIComponent(text).replace(
                    /[!'()*]/g,
                    mark => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`
                )
                expect(percentEncode(text)).toBe(strict)
            }),
            { numRuns: 1000 }
        )
    })
})

describe("the parser of the Date header", () => {
    test("reads any second from 2020 to 2099", () => {
        const from = Date.UTC(2020, 0, 1) / 1000
        const to = Date.UTC(2099, 11, 31) / 1000
        fc.assert(
            fc.property(fc.integer({ min: from, max: to }), sec => {
                expect(parseHttpDate(new Date(sec * 1000).toUTCString())).toBe(sec)
            }),
            { numRuns: 2000 }
        )
    })

    test("reads the two obsolete forms, RFC 850 and asctime", () => {
        const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
        const from = Date.UTC(2020, 0, 1) / 1000
        const to = Date.UTC(2075, 11, 31) / 1000
        fc.assert(
            fc.property(fc.integer({ min: from, max: to }), sec => {
                const date = new Date(sec * 1000)
                const [weekday, day, month, year, time] = date.toUTCString().split(/,? /)
                const rfc850 = `${days[date.getUTCDay()]}, ${day}-${month}-${year.slice(2)} ${time} GMT`
                expect(parseHttpDate(rfc850)).toBe(sec)
                const asctime = `${weekday} ${month} ${day.replace(/^0/, " ")} ${time} ${year}`
                expect(parseHttpDate(asctime)).toBe(sec)
            }),
            { numRuns: 2000 }
        )
    })

    test("returns undefined for a malformed date and for a date before 2020", () => {
        for (const text of [
            "",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Fri, 06 Nov 2126 08:49:37 GMT",
            "Fri, 06 Nov 9999 08:49:37 GMT",
            "soon",
            "Mon, 23 Xxx 2026 17:30:01 GMT",
            "Mon, 23 anF 2026 17:30:01 GMT",
            "Mon, xx Nov 2026 17:30:01 GMT",
            "Mon, 23 Nov 2026 17:30:01 GMTGMT",
        ])
            expect(parseHttpDate(text), text).toBeUndefined()
    })
})
