// HTTP/1.1 on a byte stream: the header Date, limits, order and faults.
import { type Link, linkPair } from "@moorage/runtime"
import { describe, expect, test } from "vitest"
import { acceptHttp, type InjectedFault } from "../../../../tools/emulator/index.js"
import { deriveDeviceKey, makeSasToken } from "@moorage/protocol"
import {
    GROUP_KEY,
    HUB,
    inOneHourSec,
    newCloud,
    SCOPE,
    type CloudWorld,
} from "../../../helpers/raw-client.js"

const DATE = "Date: Thu, 01 Jan 2026 00:00:00 GMT"
const API = "?api-version=2021-10-01"

/** Opens an HTTP connection in memory that collects the answers. */
class HttpTestClient {
    text = ""
    closed = false
    private readonly link: Link

    constructor(private readonly world: CloudWorld) {
        const [mine, theirs] = linkPair(world.clock)
        this.link = mine
        mine.listen({
            data: bytes => (this.text += Buffer.from(bytes).toString()),
            closed: () => (this.closed = true),
        })
        acceptHttp(world.cloud, theirs)
    }

    send(text: string): void {
        this.link.send(Buffer.from(text))
        this.world.clock.advance(0)
    }

    statuses(): number[] {
        return [...this.text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(match => Number(match[1]))
    }
}

/** Returns a request of device `d` with a valid token. */
function request(world: CloudWorld, method: string, tail: string, body = ""): string {
    const resource = `${SCOPE}/registrations/d`
    const token = makeSasToken(deriveDeviceKey(GROUP_KEY, "d"), resource, inOneHourSec(world), "registration")
    const head = `${method} /${resource}${tail}${API} HTTP/1.1\r\nHost: dps\r\nAuthorization: ${token}`
    return `${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

describe("the header Date is part of", () => {
    test.each([
        ["202", (world: CloudWorld) => request(world, "PUT", "/register")],
        ["404 of a lookup", (world: CloudWorld) => request(world, "POST", "")],
        ["404 of an operation", (world: CloudWorld) => request(world, "GET", "/operations/5.0.0")],
        ["404 of an unknown route", () => "GET / HTTP/1.1\r\n\r\n"],
        ["401", () => `POST /${SCOPE}/registrations/d${API} HTTP/1.1\r\n\r\n`],
        ["400 of the device API", () => `POST /${SCOPE}/registrations/d HTTP/1.1\r\n\r\n`],
        [
            "404 of a path that cannot be decoded",
            () => `POST /${SCOPE}/registrations/%zz${API} HTTP/1.1\r\n\r\n`,
        ],
        ["400 of a malformed request", () => "nonsense\r\n\r\n"],
        ["413", () => "PUT / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n"],
    ])("%s", (status, make) => {
        const world = newCloud()
        const client = new HttpTestClient(world)
        client.send(make(world))
        expect(client.statuses()).toEqual([Number.parseInt(status, 10)])
        expect(client.text).toContain(`\r\n${DATE}\r\n`)
    })
})

test("the status of an operation is 202 with Retry-After and Location, then 200", () => {
    const world = newCloud({ assigningMs: 2000, retryAfterSec: 4 })
    const client = new HttpTestClient(world)
    client.send(request(world, "PUT", "/register", '{"registrationId":"d"}'))
    const operationId = /"operationId":"([^"]+)"/.exec(client.text)?.[1] ?? ""
    client.text = ""
    client.send(request(world, "GET", `/Operations/${operationId}`))
    expect(client.text).toContain("HTTP/1.1 202 Accepted\r\n")
    expect(client.text).toContain("\r\nRetry-After: 4\r\n")
    expect(client.text).toContain(`\r\nLocation: https://dps/${SCOPE}/registrations/d/`)
    client.text = ""
    world.clock.advance(2000)
    client.send(request(world, "GET", `/operations/${operationId}`))
    expect(client.text).toContain("HTTP/1.1 200 OK\r\n")
    expect(client.text).not.toContain("Retry-After")
    expect(
        world.cloud.hub(HUB).device("d") ?? world.cloud.hub("two.azure-devices.net").device("d")
    ).toBeDefined()
})

test("a request may be split at any byte, and is processed after its last byte", () => {
    const world = newCloud()
    const whole = request(world, "PUT", "/register", '{"registrationId":"d","payload":{"é":1}}')
    for (let at = 1; at < whole.length; at += 7) {
        const client = new HttpTestClient(world)
        client.send(whole.slice(0, at))
        expect(client.text).toBe("")
        client.send(whole.slice(at))
        expect(client.statuses()).toEqual([202])
    }
})

describe("the connection", () => {
    test.each([
        ["stays open in HTTP/1.1", "GET / HTTP/1.1\r\n\r\n", false],
        ["is closed for Connection: close", "GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", true],
        ["is closed for close in a list", "GET / HTTP/1.1\r\nConnection: TE, close\r\n\r\n", true],
        ["is closed in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", true],
        ["is closed after a malformed request", "GET\r\n\r\n", true],
        [
            "is closed after a request that is too large",
            "PUT / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n",
            true,
        ],
    ])("%s", (_name, text, closed) => {
        const world = newCloud()
        const client = new HttpTestClient(world)
        client.send(text)
        world.clock.advance(0)
        expect(client.statuses()).toHaveLength(1)
        expect(client.closed).toBe(closed)
        expect(client.text.includes("\r\nConnection: close\r\n")).toBe(closed)
    })

    test.each([
        ["a body of 96 KB is accepted", 96 * 1024, 404],
        ["one byte more is 413", 96 * 1024 + 1, 413],
    ])("%s", (_name, bytes, status) => {
        const client = new HttpTestClient(newCloud())
        client.send(`PUT / HTTP/1.1\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`)
        expect(client.statuses()).toEqual([status])
    })

    test.each([["1e3"], ["0x10"], ["1, 1"], ["-0"]])("the length %s is malformed", length => {
        const client = new HttpTestClient(newCloud())
        client.send(`PUT / HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n`)
        expect(client.statuses()).toEqual([400])
    })

    test("a head over 8 KB gets 413, complete or not", () => {
        for (const end of ["", "\r\n\r\n"]) {
            const client = new HttpTestClient(newCloud())
            client.send(`GET / HTTP/1.1\r\nX: ${"x".repeat(8192)}${end}`)
            expect(client.statuses()).toEqual([413])
        }
    })
})

describe("a fault", () => {
    /** Sends one lookup with a fault, and returns the requests for which a fault was requested. */
    function lookupWithFault(fault: InjectedFault) {
        const world = newCloud()
        const asked: string[] = []
        world.cloud.faultOverride = point => {
            asked.push(`${point.kind} of ${point.id} at ${point.service}`)
            return fault
        }
        const client = new HttpTestClient(world)
        client.send(request(world, "POST", ""))
        expect(asked).toEqual(["lookup of d at dps"])
        return { world, client }
    }

    test("can set the status and Retry-After", () => {
        const { client } = lookupWithFault({ status: 503, retryAfterSec: 7 })
        expect(client.text).toContain("HTTP/1.1 503 Service Unavailable\r\n")
        expect(client.text).toContain("\r\nRetry-After: 7\r\n")
        expect(client.text).toContain('"errorCode":503001')
    })

    test("can delay an answer, and later answers come after it", () => {
        const { world, client } = lookupWithFault({ delayMs: 500 })
        world.cloud.faultOverride = undefined
        client.send("GET / HTTP/1.1\r\n\r\n")
        world.clock.advance(499)
        expect(client.text).toBe("")
        world.clock.advance(1)
        expect(client.text).toMatch(/"errorCode":404201[^]*"errorCode":404000/)
    })

    test("can reset the connection without an answer", () => {
        const { client } = lookupWithFault({ close: true })
        expect(client.closed).toBe(true)
        expect(client.text).toBe("")
    })

    test("can suppress the answer", () => {
        const { world, client } = lookupWithFault({ mute: true })
        world.clock.advance(3_600_000)
        expect(client.closed).toBe(false)
        expect(client.text).toBe("")
    })

    test("is also requested for requests that are not operations", () => {
        const world = newCloud()
        const asked: unknown[] = []
        world.cloud.faultOverride = point => void asked.push(point)
        new HttpTestClient(world).send("GET /favicon.ico HTTP/1.1\r\n\r\n")
        expect(asked).toEqual([{ kind: "other", service: "dps", id: "" }])
    })
})
