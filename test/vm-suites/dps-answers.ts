// HTTP responses, HTTP dates and topic properties inside the VM, whose numbers and strings differ from those of Node.
import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { readAnswer, topicParameter } from "../../devs/dps/dps-answer"
import { parseHttpDate } from "../../devs/encoding/http-date"
import { parseResponse } from "../../devs/http/http-response"

describe("an HTTP date", () => {
    test("is read in each of its three forms", () => {
        for (const text of [
            "Fri, 06 Nov 2026 08:49:37 GMT",
            "Friday, 06-Nov-26 08:49:37 GMT",
            "Fri Nov  6 08:49:37 2026",
        ])
            expect(parseHttpDate(text)).toBe(1793954977)
        expect(parseHttpDate("Sat Nov 28 16:30:38 2026")).toBe(1795883438)
    })
    test("is undefined when it is malformed or before 2020", () => {
        for (const text of [
            "",
            "soon",
            "5",
            "Sun Nov  6 08:49:37 1994",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            ",",
        ])
            expect(parseHttpDate(text)).toBe(undefined)
    })
})

describe("an HTTP response", () => {
    test("is read after 150 interim responses, without white space, and with a date as Retry-After", () => {
        let head = ""
        for (let i = 0; i < 150; i++) head += "HTTP/1.1 100 \r\n\r\n"
        head += "HTTP/1.1 429 x\r\nDate:\tFri Nov  6 08:49:37 2026 \t\r\n"
        head += "Retry-After: Friday, 06-Nov-26 08:50:37 GMT \r\nTransfer-Encoding: chunked \r\n\r\n"
        const response = parseResponse(Buffer.from(head + "2\r\n{}\r\n0\r\n\r\n"), false, false, false)
        expect(response.status).toBe(429)
        expect(response.retryAfterSec).toBe(60)
        expect(response.body).toBe("{}")
    })
    test("has a retry-after of 0 when the header is malformed, or absent, or has a date without Date", () => {
        for (const header of [
            "X: 1",
            "Retry-After:",
            "Retry-After: \t",
            "Retry-After: soon",
            "Retry-After: 0",
        ])
            expect(retryAfterSec(header)).toBe(0)
        expect(retryAfterSec("Retry-After: Fri, 06 Nov 2026 08:49:37 GMT")).toBe(0)
        expect(retryAfterSec("Retry-After: 86401 ")).toBe(86401)
    })
    test("has a retry-after of more than 32 bits, which becomes a day", () => {
        const sec = retryAfterSec("Retry-After: 99999999999")
        expect(readAnswer(202, "{}", sec).retryAfterSec).toBe(86400)
    })
    test("has no body when a chunk is longer than 32 bits and its size starts with 0", () => {
        const head = "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"
        const bytes = Buffer.from(head + "0fffffffff\r\nnull\r\n0\r\n\r\n")
        expect(parseResponse(bytes, false, false, false)).toBe(undefined)
    })
    test("is read within the limit of the runtime when its headers consist of spaces", async () => {
        for (const value of ["", "1"]) {
            let blanks = " \t \t \t \t"
            while (blanks.length < 1400) blanks += blanks
            const header = "Retry-After:" + blanks.slice(0, 1450) + value + blanks.slice(0, 1450)
            // The limit counts from the last wait of a fiber. The board waits before each response too.
            await ds.sleep(1)
            expect(retryAfterSec(header)).toBe(value ? 1 : 0)
            await ds.sleep(1)
        }
    })
    test("has no body when the status is 204 or 304", () => {
        for (const status of ["204", "304"]) {
            const bytes = Buffer.from("HTTP/1.1 " + status + " x\r\nContent-Length: 9\r\n\r\n")
            expect(parseResponse(bytes, false, false, false).body).toBe("")
        }
    })
})

function retryAfterSec(header: string): number {
    const bytes = Buffer.from("HTTP/1.1 429 x\r\n" + header + "\r\nContent-Length: 0\r\n\r\n")
    return parseResponse(bytes, false, false, false).retryAfterSec
}

describe("a property of a response topic", () => {
    test("is found in any order and case", () => {
        const topic = "$dps/registrations/res/202/?Retry-After=5&$rid=12"
        expect(topicParameter(topic, "retry-after")).toBe(5)
        expect(topicParameter(topic, "$rid")).toBe(12)
        expect(topicParameter(topic, "after")).toBe(0)
    })
    test("may have more than 32 bits", () => {
        const sec = topicParameter("$dps/registrations/res/202/?$rid=1&retry-after=4294967295", "retry-after")
        expect(readAnswer(202, "{}", sec).retryAfterSec).toBe(86400)
    })
})
