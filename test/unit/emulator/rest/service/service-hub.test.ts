// The service API of a hub: registry, twins, methods and messages.
import type { DeviceBoundMessage } from "../../../../../tools/emulator/hub/hub-device.js"
import { describe, expect, test } from "vitest"
import {
    callHub,
    HUB_HOST,
    newWorld,
    OWNER_KEY,
    type ServiceWorld,
} from "../../../../helpers/service-call.js"

/** Returns a world with a device in the registry of the hub. */
function withDevice(id = "d") {
    const world = newWorld()
    const hub = world.cloud.hub(HUB_HOST)
    hub.putDevice(id, [OWNER_KEY])
    return { world, hub }
}

/** Connects a device to the hub without a transport. It collects packets, and answers methods with `answer`. */
function connect({ cloud }: ServiceWorld, filters: string[], answer?: { status: number; body: string }) {
    const hub = cloud.hub(HUB_HOST)
    const device = hub.device("d")
    if (!device) throw new Error("no device d")
    const sent: { topic: string; body: string }[] = []
    const delivered: DeviceBoundMessage[] = []
    let closed = ""
    for (const filter of filters) device.subscriptions.set(filter, 1)
    device.session = {
        publish: (topic, body) => {
            sent.push({ topic, body: Buffer.from(body).toString() })
            const requestId = /\$rid=(.+)$/.exec(topic)?.[1]
            if (answer && requestId) hub.completeMethod("d", { requestId, ...answer })
        },
        deliver: message => void delivered.push(message),
        close: why => {
            closed = why
            device.session = undefined
        },
    }
    device.hasConnected = true
    return { sent, delivered, closed: () => closed }
}

const METHODS = "$iothub/methods/POST/#"
const DESIRED = "$iothub/twin/PATCH/properties/desired/#"
const DEVICE_BOUND = "devices/d/messages/devicebound/#"

describe("the registry", () => {
    test("answers 404 DeviceNotFound for an unknown device", async () => {
        const reply = await callHub(newWorld(), { route: "GET /devices/nobody" })
        expect(reply.status).toBe(404)
        expect(reply.body.Message).toBe("ErrorCode:DeviceNotFound;Device nobody not registered")
        expect(reply.body.ExceptionMessage).toMatch(/^Tracking ID:/)
    })

    test("changes and deletes only with the latest ETag, or *", async () => {
        const { world } = withDevice()
        const { etag } = (await callHub(world, { route: "GET /devices/d" })).body
        const put = (match: string) =>
            callHub(world, {
                route: "PUT /devices/d",
                body: { deviceId: "d" },
                headers: { "If-Match": match },
            })
        expect((await put(`"${etag}"`)).status).toBe(200)
        expect(await put(`"${etag}"`)).toMatchObject({
            status: 412,
            headers: { "iothub-errorcode": "PreconditionFailed" },
        })
        const headers = { "If-Match": '"*"' }
        expect((await callHub(world, { route: "DELETE /devices/d", headers })).status).toBe(204)
        expect((await put('"*"')).status).toBe(404)
    })

    test.each([
        ["a key that is too short", { authentication: { symmetricKey: { primaryKey: "c2hvcnQ=" } } }],
        ["attestation by certificate", { authentication: { type: "selfSigned" } }],
        ["an unknown status", { status: "sleeping" }],
        ["another ID in the body", { deviceId: "e" }],
    ])("refuses %s with 400", async (_what, body) => {
        const world = newWorld()
        expect((await callHub(world, { route: "PUT /devices/d", body })).status).toBe(400)
        expect((await callHub(world, { route: "GET /devices/d" })).status).toBe(404)
    })

    test("closes the session of a device that is disabled or deleted", async () => {
        const { world } = withDevice()
        const headers = { "If-Match": "*" }
        const first = connect(world, [])
        await callHub(world, { route: "PUT /devices/d", body: { status: "disabled" }, headers })
        expect(first.closed()).toBe("device disabled")
        const second = connect(world, [])
        await callHub(world, { route: "DELETE /devices/d", headers })
        expect(second.closed()).toBe("device deleted")
    })

    test("keeps the keys that a change does not contain", async () => {
        const { world } = withDevice()
        const headers = { "If-Match": "*" }
        const { body } = await callHub(world, {
            route: "PUT /devices/d",
            body: { status: "enabled" },
            headers,
        })
        expect(body.authentication.symmetricKey.primaryKey).toBe(OWNER_KEY)
    })

    test("lists 1 to 1000 devices, and counts the connected devices", async () => {
        const { world, hub } = withDevice()
        hub.putDevice("e", [OWNER_KEY])
        connect(world, [])
        expect((await callHub(world, { route: "GET /devices?top=1&api-version=1" })).body).toHaveLength(1)
        for (const top of ["0", "1001", "x"])
            expect((await callHub(world, { route: `GET /devices?top=${top}&api-version=1` })).status).toBe(
                400
            )
        const { body } = await callHub(world, { route: "GET /statistics/service" })
        expect(body).toEqual({ connectedDeviceCount: 1 })
    })
})

describe("a twin", () => {
    test("that is replaced has only the given properties, and the device is notified of removed properties", async () => {
        const { world, hub } = withDevice()
        hub.patchDesired("d", { old: 1, same: 2 })
        const { sent } = connect(world, [DESIRED])
        const body = { tags: { a: 1 }, properties: { desired: { same: 3 } } }
        const reply = await callHub(world, { route: "PUT /twins/d", body })
        expect(reply.body).toMatchObject({
            tags: { a: 1 },
            properties: { desired: { same: 3, $version: 3 } },
        })
        expect(reply.body.properties.desired).not.toHaveProperty("old")
        expect(JSON.parse(sent[0].body)).toEqual({ same: 3, old: null, $version: 3 })
    })

    test("gets a new ETag after a change of tags or desired properties, and none after a report", async () => {
        const { world, hub } = withDevice()
        const etag = async () => (await callHub(world, { route: "GET /twins/d" })).body.etag
        const first = await etag()
        hub.device("d")?.twin.report('{"t":1}')
        expect(await etag()).toBe(first)
        await callHub(world, { route: "PATCH /twins/d", body: { tags: { a: 1 } } })
        const second = await etag()
        expect(second).not.toBe(first)
        await callHub(world, { route: "PATCH /twins/d", body: { properties: { desired: { a: 1 } } } })
        expect(await etag()).not.toBe(second)
    })

    test("returns the times of changes to the service, and not to the device", async () => {
        const { world, hub } = withDevice()
        const at = () => `${new Date(world.clock.nowMs()).toISOString().slice(0, -1)}0000Z`
        hub.patchDesired("d", { a: { b: 1 }, c: 1 })
        const first = at()
        world.clock.advance(60_000)
        hub.patchDesired("d", { a: { b: 2 }, c: null })
        const $lastUpdated = at()
        const { desired } = (await callHub(world, { route: "GET /twins/d" })).body.properties
        expect($lastUpdated).not.toBe(first)
        expect(desired.$metadata).toEqual({ $lastUpdated, a: { $lastUpdated, b: { $lastUpdated } } })
        expect(hub.device("d")?.twin.toBody()).not.toContain("metadata")
    })

    test("accepts only objects, and no prototype", async () => {
        const { world } = withDevice()
        for (const body of [{ tags: [] }, { properties: 1 }, { properties: { desired: "x" } }])
            expect((await callHub(world, { route: "PATCH /twins/d", body })).status).toBe(400)
        await callHub(world, { route: "PATCH /twins/d", raw: '{"tags":{"__proto__":{"polluted":1}}}' })
        expect({}).not.toHaveProperty("polluted")
    })
})

describe("a direct method", () => {
    const call = (world: ServiceWorld, body: object, withinMs?: number) =>
        callHub(world, { route: "POST /twins/d/methods", body: { methodName: "m", ...body }, withinMs })

    test("returns status and payload of the device", async () => {
        const { world } = withDevice()
        const { sent } = connect(world, [METHODS], { status: 207, body: '{"ok":true}' })
        const reply = await call(world, { payload: { a: 1 } })
        expect(reply.body).toEqual({ status: 207, payload: { ok: true } })
        expect(sent).toEqual([{ topic: "$iothub/methods/POST/m/?$rid=1", body: '{"a":1}' }])
    })

    test("without an answer fails with 504101 after its timeout", async () => {
        const { world } = withDevice()
        connect(world, [METHODS])
        const before = world.clock.nowMs()
        const reply = await call(world, { responseTimeoutInSeconds: 5 }, 10_000)
        expect(reply.status).toBe(504)
        expect(JSON.parse(reply.body.Message).errorCode).toBe(504101)
        expect(world.clock.nowMs() - before).toBeGreaterThanOrEqual(5000)
    })

    test("waits for the device until the connect timeout, then fails with 404103", async () => {
        const { world } = withDevice()
        const before = world.clock.nowMs()
        const reply = await call(world, { connectTimeoutInSeconds: 3 }, 10_000)
        expect(reply.status).toBe(404)
        expect(reply.headers["iothub-errorcode"]).toBe("DeviceNotOnline")
        expect(JSON.parse(reply.body.Message).errorCode).toBe(404103)
        expect(world.clock.nowMs() - before).toBeGreaterThanOrEqual(3000)
    })

    test("succeeds if the device connects within the connect timeout", async () => {
        const { world } = withDevice()
        world.clock.after(1000, () => void connect(world, [METHODS], { status: 200, body: "" }))
        const reply = await call(world, { connectTimeoutInSeconds: 3 }, 10_000)
        expect(reply).toMatchObject({ status: 200, body: { status: 200, payload: null } })
    })

    test.each([
        { responseTimeoutInSeconds: 4 },
        { responseTimeoutInSeconds: 301 },
        { connectTimeoutInSeconds: -1 },
        { methodName: "" },
    ])("with %j is 400", async body => {
        expect((await call(withDevice().world, body)).status).toBe(400)
    })
})

describe("a cloud-to-device message", () => {
    const message = (world: ServiceWorld, to: string, raw = "hello", headers: Record<string, string> = {}) =>
        callHub(world, { route: "POST /messages/deviceBound", raw, headers: { "iothub-to": to, ...headers } })

    test("reaches the device with its properties", async () => {
        const { world } = withDevice()
        const { delivered } = connect(world, [DEVICE_BOUND])
        const to = "/devices/d/messages/devicebound"
        const headers = { "iothub-app-color": "blue green", "IoTHub-MessageId": "m1" }
        expect((await message(world, to, "hello", headers)).status).toBe(204)
        expect(Buffer.from(delivered[0].body).toString()).toBe("hello")
        expect(delivered[0].properties).toEqual({ color: "blue green", "$.mid": "m1", "$.to": to })
    })

    test("is queued for an absent device until a purge, up to 50 messages", async () => {
        const { world, hub } = withDevice()
        connect(world, [])
        hub.disconnect("d")
        const to = "/devices/d/messages/deviceBound"
        for (let i = 0; i < 50; i++) expect((await message(world, to)).status).toBe(204)
        const full = await message(world, to)
        expect(full.status).toBe(403)
        expect(full.headers["iothub-errorcode"]).toBe("DeviceMaximumQueueDepthExceeded")
        const purged = await callHub(world, { route: "DELETE /devices/d/commands" })
        expect(purged.body).toEqual({ totalMessagesPurged: 50, deviceId: "d", moduleId: null })
        expect((await message(world, to)).status).toBe(204)
    })

    test("gets 413 over 64 KB, 400 without a device, 404 for an unknown device", async () => {
        const { world } = withDevice()
        expect((await message(world, "/devices/d/messages/devicebound", "x".repeat(65_537))).status).toBe(413)
        expect((await message(world, "")).status).toBe(400)
        expect((await message(world, "/devices/e/messages/devicebound")).status).toBe(404)
    })
})
