// The DPS device API over HTTP.
import { linkPair } from "@moorage/runtime"
import { acceptHttp } from "../../../../tools/emulator/index.js"
import { describe, expect, test } from "vitest"
import { deriveDeviceKey, makeSasToken } from "@moorage/protocol"
import { GROUP_KEY, inOneHourSec, newCloud, SCOPE, type CloudWorld } from "../../../helpers/raw-client.js"

/** Opens an HTTP connection in memory that collects the answers. */
function open({ cloud, clock }: CloudWorld) {
    const [mine, theirs] = linkPair(clock)
    let text = ""
    let closed = false
    mine.listen({
        data: bytes => (text += Buffer.from(bytes).toString()),
        closed: () => {
            closed = true
        },
    })
    acceptHttp(cloud, theirs)
    return {
        send(bytes: string): void {
            mine.send(Buffer.from(bytes))
            clock.advance(0)
        },
        take(): string {
            const taken = text
            text = ""
            return taken
        },
        isClosed: () => closed,
    }
}

interface DeviceApiCall {
    method: string
    path: string
    id?: string
    body?: string
    headers?: string
    key?: string
}

/** Sends one request with a valid token, and returns the parsed response. */
function call(world: CloudWorld, { method, path, id = "d", body = "", headers = "", key }: DeviceApiCall) {
    const token = makeSasToken(
        key ?? deriveDeviceKey(GROUP_KEY, id),
        `${SCOPE}/registrations/${id}`,
        inOneHourSec(world),
        "registration"
    )
    const connection = open(world)
    const head = `${method} ${path} HTTP/1.1\r\nHost: global.azure-devices-provisioning.net\r\nAuthorization: ${token}\r\n`
    connection.send(`${head}${headers}Content-Length: ${body.length}\r\n\r\n${body}`)
    const [top, rest = ""] = connection.take().split("\r\n\r\n")
    return {
        status: Number(top.split(" ")[1]),
        head: top,
        body: rest ? JSON.parse(rest) : undefined,
        connection,
    }
}

const API = "?api-version=2021-06-01"
const REGISTER = { method: "PUT", path: `/${SCOPE}/registrations/d/register${API}` }
const LOOKUP = { method: "POST", path: `/${SCOPE}/registrations/d${API}` }

function registered(world: CloudWorld): string {
    const { operationId } = call(world, REGISTER).body
    world.clock.advance(5000)
    return operationId
}

describe("the device API", () => {
    test("registers with 202, Retry-After and Location, then 200 with the assignment", () => {
        const world = newCloud({ retryAfterSec: 3 })
        const first = call(world, { ...REGISTER, body: '{"registrationId":"d"}' })
        expect(first.status).toBe(202)
        expect(first.head).toContain("\r\nRetry-After: 3")
        expect(first.head).toContain(
            `\r\nLocation: https://global.azure-devices-provisioning.net/${SCOPE}/registrations/d/register`
        )
        world.clock.advance(5000)
        const path = `/${SCOPE}/registrations/d/operations/${first.body.operationId}${API}`
        const second = call(world, { method: "GET", path })
        expect(second).toMatchObject({
            status: 200,
            body: { status: "assigned", registrationState: { deviceId: "d" } },
        })
    })

    test("looks up a flat record, and answers 404 without a registration", () => {
        const world = newCloud()
        expect(call(world, LOOKUP)).toMatchObject({ status: 404, body: { errorCode: 404201 } })
        registered(world)
        const found = call(world, LOOKUP)
        expect(found).toMatchObject({
            status: 200,
            body: { registrationId: "d", deviceId: "d", status: "assigned" },
        })
        expect(found.body.operationId).toBeUndefined()
        expect(world.cloud.counters("d")).toEqual({ registrations: 1, polls: 0, lookups: 2 })
    })

    test("looks up null without a registration with lookupUnknown null", () => {
        const { status, body } = call(newCloud({ quirks: { lookupUnknown: "null" } }), LOOKUP)
        expect({ status, body }).toEqual({ status: 200, body: null })
    })

    test("ignores the case of its routes", () => {
        const world = newCloud()
        expect(call(world, { ...REGISTER, path: `/${SCOPE}/Registrations/d/REGISTER${API}` }).status).toBe(
            202
        )
    })

    test.each([
        ["a wrong key", { ...LOOKUP, key: Buffer.alloc(32).toString("base64") }, 401],
        ["another ID scope", { ...LOOKUP, path: `/0neOTHER/registrations/d${API}` }, 401],
        ["no api-version", { ...LOOKUP, path: `/${SCOPE}/registrations/d` }, 400],
        ["an unknown path", { method: "GET", path: "/" }, 404],
        [
            "a path with malformed percent-encoding",
            { ...LOOKUP, path: `/${SCOPE}/registrations/d%${API}` },
            404,
        ],
        ["a malformed ID", { ...LOOKUP, path: `/${SCOPE}/registrations/d.${API}` }, 400],
    ])("refuses %s, with Date and a JSON body", (_name, request, status) => {
        const answer = call(newCloud(), request)
        expect(answer.status).toBe(status)
        expect(answer.head).toContain("\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT")
        expect(answer.body).toMatchObject({ errorCode: expect.any(Number), message: expect.any(String) })
    })

    test("sends the status and Retry-After of a fault", () => {
        const world = newCloud()
        world.cloud.faultOverride = point =>
            point.kind === "lookup" ? { status: 429, retryAfterSec: 5 } : undefined
        const answer = call(world, LOOKUP)
        expect(answer.status).toBe(429)
        expect(answer.head).toContain("Retry-After: 5")
    })
})

describe("an HTTP connection", () => {
    test("stays open for the next request, and closes on request", () => {
        const world = newCloud()
        const { connection } = call(world, LOOKUP)
        expect(connection.isClosed()).toBe(false)
        connection.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        world.clock.advance(0)
        expect(connection.take()).toContain("Connection: close")
        expect(connection.isClosed()).toBe(true)
    })

    test("answers HEAD with headers only", () => {
        const connection = open(newCloud())
        connection.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
        const text = connection.take()
        expect(text).toContain("\r\nDate: ")
        expect(text.endsWith("\r\n\r\n")).toBe(true)
    })

    test("accepts a request byte by byte, and two requests together", () => {
        const connection = open(newCloud())
        const request = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
        for (const byte of request) connection.send(byte)
        connection.send(request + request)
        expect(connection.take().match(/HTTP\/1\.1 404/g)).toHaveLength(3)
    })

    test.each([
        ["bytes that are not HTTP", "\x10\x20\r\n\r\n", "400"],
        ["a header without a colon", "GET / HTTP/1.1\r\nnonsense\r\n\r\n", "400"],
        ["a negative length", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"],
        ["a body over 96 KB", "PUT / HTTP/1.1\r\nContent-Length: 99000\r\n\r\n", "413"],
        ["a head without end", `GET / HTTP/1.1\r\nX: ${"x".repeat(9000)}`, "413"],
    ])("with %s is refused and closed", (_name, bytes, status) => {
        const connection = open(newCloud())
        connection.send(bytes)
        connection.send("")
        expect(connection.take()).toContain(`HTTP/1.1 ${status}`)
    })
})
