// Sessions, telemetry, methods, messages and twins of an IoT hub over MQTT.
import { describe, expect, test } from "vitest"
import {
    DEVICE_KEY,
    HUB,
    hubClient,
    hubConnect,
    inOneHourSec,
    newCloud,
    RawClient,
    type CloudWorld,
} from "../../../helpers/raw-client.js"

const METHODS = "$iothub/methods/POST/#"
const EVENTS = "devices/d/messages/events/"

function telemetry(world: CloudWorld) {
    return world.cloud.history.filter(event => event.kind === "telemetry")
}

describe("CONNECT to a hub", () => {
    test("with the device's key is accepted", () => {
        const world = newCloud()
        world.cloud.hub(HUB).putDevice("d", [DEVICE_KEY])
        expect(new RawClient(world).connect(hubConnect(world, "d", DEVICE_KEY))?.returnCode).toBe(0)
    })

    test.each([
        ["an unknown device", (world: CloudWorld) => hubConnect(world, "unknown", DEVICE_KEY)],
        ["a wrong key", (world: CloudWorld) => hubConnect(world, "d", Buffer.alloc(32).toString("base64"))],
        [
            "an expired token",
            (world: CloudWorld) => hubConnect(world, "d", DEVICE_KEY, inOneHourSec(world) - 3600),
        ],
        [
            "no password",
            (world: CloudWorld) => ({ ...hubConnect(world, "d", DEVICE_KEY), password: undefined }),
        ],
        [
            "another client ID",
            (world: CloudWorld) => ({ ...hubConnect(world, "d", DEVICE_KEY), clientId: "e" }),
        ],
        [
            "an unknown hub",
            (world: CloudWorld) => ({
                ...hubConnect(world, "d", DEVICE_KEY),
                username: "x.azure-devices.net/d/?api-version=1",
            }),
        ],
        [
            "a user name that is none",
            (world: CloudWorld) => ({ ...hubConnect(world, "d", DEVICE_KEY), username: "d" }),
        ],
    ])("of %s is CONNACK 5", (_name, fields) => {
        const world = newCloud()
        world.cloud.hub(HUB).putDevice("d", [DEVICE_KEY])
        const client = new RawClient(world)
        expect(client.connect(fields(world))?.returnCode).toBe(5)
        expect(client.closed).toBe(true)
    })

    test("of a disabled device or to an unavailable hub gets CONNACK 5", () => {
        const world = newCloud()
        const hub = world.cloud.hub(HUB)
        hub.putDevice("d", [DEVICE_KEY])
        hub.setEnabled("d", false)
        expect(new RawClient(world).connect(hubConnect(world, "d", DEVICE_KEY))?.returnCode).toBe(5)
        hub.setEnabled("d", true)
        hub.setAvailable(false)
        expect(new RawClient(world).connect(hubConnect(world, "d", DEVICE_KEY))?.returnCode).toBe(5)
        hub.setAvailable(true)
        expect(new RawClient(world).connect(hubConnect(world, "d", DEVICE_KEY))?.returnCode).toBe(0)
    })

    test("closes the older connection of the device", () => {
        const world = newCloud()
        const first = hubClient(world, "d")
        const second = hubClient(world, "d")
        expect([first.closed, second.closed]).toEqual([true, false])
    })
})

describe("a session", () => {
    test("ends when its token expires, even after weeks", () => {
        const world = newCloud()
        const weeks = 40 * 86_400
        const expirySec = inOneHourSec(world) - 3600 + weeks
        const client = hubClient(world, "d", {
            ...hubConnect(world, "d", DEVICE_KEY, expirySec),
            keepalive: 0,
        })
        world.clock.advance((weeks - 1) * 1000)
        expect(client.closed).toBe(false)
        world.clock.advance(1000)
        expect(client.closed).toBe(true)
    })

    test("ends when the device is disabled or deleted, or when the hub becomes unavailable", () => {
        const world = newCloud()
        const hub = world.cloud.hub(HUB)
        for (const act of [
            () => hub.setEnabled("d", false),
            () => hub.removeDevice("d"),
            () => hub.setAvailable(false),
        ]) {
            hub.setAvailable(true)
            const client = hubClient(world, "d")
            act()
            world.clock.advance(0)
            expect(client.closed).toBe(true)
            if (hub.device("d")) hub.setEnabled("d", true)
        }
    })

    test("accepts five subscriptions of the known filters, and grants QoS 1 for QoS 2", () => {
        const world = newCloud()
        const client = hubClient(world, "d")
        const filters = [
            METHODS,
            "$iothub/twin/res/#",
            "$iothub/twin/PATCH/properties/desired/#",
            "devices/d/messages/devicebound/#",
            "devices/+/messages/devicebound/#",
        ]
        expect(filters.map(filter => client.subscribe(filter, 2))).toEqual([1, 1, 1, 1, 1])
        expect(client.subscribe("$iothub/methods/POST/other/#")).toBe(128)
        expect(client.subscribe("devices/e/messages/devicebound/#")).toBe(128)
        expect(client.subscribe("#")).toBe(128)
    })
})

describe("telemetry", () => {
    test("is recorded with its property bag, and acknowledged", () => {
        const world = newCloud()
        const client = hubClient(world, "d")
        client.publish(`${EVENTS}a=1&b=x%20y`, '{"t":1}')
        expect(client.take("puback")).toBeDefined()
        expect(telemetry(world)).toEqual([
            expect.objectContaining({ id: "d", body: '{"t":1}', properties: { a: "1", b: "x y" } }),
        ])
    })

    test("with the topic of another device or with QoS 2 closes the connection", () => {
        const world = newCloud()
        for (const [topic, qos] of [
            ["devices/e/messages/events/", 1],
            [EVENTS, 2],
        ] as const) {
            const client = hubClient(world, "d")
            client.publish(topic, "{}", qos)
            expect(client.closed).toBe(true)
        }
        expect(telemetry(world)).toEqual([])
    })

    test("of the will is recorded when the connection fails, and not after DISCONNECT", () => {
        const world = newCloud()
        const will = { topic: EVENTS, payload: Buffer.from("gone"), qos: 0 as const, retain: false }
        const orderly = hubClient(world, "d", { will })
        orderly.send({ cmd: "disconnect" })
        expect(telemetry(world)).toEqual([])
        hubClient(world, "d", { will }).end()
        expect(telemetry(world)).toEqual([
            expect.objectContaining({ body: "gone", properties: { "iothub-MessageType": "Will" } }),
        ])
    })
})

describe("a direct method", () => {
    test("reaches the device and returns status and payload", async () => {
        const world = newCloud()
        const client = hubClient(world, "d")
        client.subscribe(METHODS)
        const answer = world.cloud.hub(HUB).invokeMethod("d", "add", { a: 1 })
        world.clock.advance(0)
        const request = client.message()
        expect(request).toMatchObject({ topic: "$iothub/methods/POST/add/?$rid=1", body: '{"a":1}', qos: 0 })
        client.publish("$iothub/methods/res/201/?$rid=1", '{"b":2}', 0)
        expect(await answer).toEqual({ status: 201, payload: { b: 2 } })
    })

    test("fails with 404103 for an absent device, and with 504101 if no answer comes", async () => {
        const world = newCloud()
        const hub = world.cloud.hub(HUB)
        hub.putDevice("d", [DEVICE_KEY])
        await expect(hub.invokeMethod("d", "m", null)).rejects.toMatchObject({ status: 404, code: 404103 })
        const client = hubClient(world, "d")
        await expect(hub.invokeMethod("d", "m", null)).rejects.toMatchObject({ code: 404103 })
        client.subscribe(METHODS)
        const late = hub.invokeMethod("d", "m", null, { timeoutMs: 5000 })
        const checked = expect(late).rejects.toMatchObject({ status: 504, code: 504101 })
        world.clock.advance(5000)
        await checked
        await expect(hub.invokeMethod("x", "m", null)).rejects.toMatchObject({ code: 404001 })
    })
})

describe("a cloud-to-device message", () => {
    const FILTER = "devices/d/messages/devicebound/#"

    test("is queued for a persistent session until it is acknowledged", () => {
        const world = newCloud()
        const hub = world.cloud.hub(HUB)
        const first = hubClient(world, "d", { clean: false })
        first.subscribe(FILTER)
        first.end()
        hub.sendToDevice("d", "hello", { "a b": "c&d" })
        const second = hubClient(world, "d", { clean: false })
        expect(second.message()).toMatchObject({
            topic: "devices/d/messages/devicebound/a%20b=c%26d",
            body: "hello",
            qos: 1,
        })
        second.end()
        const third = hubClient(world, "d", { clean: false })
        const again = third.message()
        expect(again?.body).toBe("hello")
        third.send({ cmd: "puback", messageId: again?.messageId })
        third.end()
        expect(hubClient(world, "d", { clean: false }).message()).toBeUndefined()
    })

    test("is deleted by a clean session", () => {
        const world = newCloud()
        const hub = world.cloud.hub(HUB)
        hubClient(world, "d", { clean: false }).end()
        hub.sendToDevice("d", "hello")
        const client = hubClient(world, "d", { clean: true })
        client.subscribe(FILTER)
        expect(client.message()).toBeUndefined()
    })

    test("is refused if fifty messages are queued", () => {
        const world = newCloud()
        const hub = world.cloud.hub(HUB)
        hubClient(world, "d", { clean: false }).end()
        for (let i = 0; i < 50; i++) hub.sendToDevice("d", String(i))
        expect(() => hub.sendToDevice("d", "one more")).toThrow(/full/)
    })
})

describe("a twin", () => {
    test("is read, reported and patched, with versions and with null for a deletion", () => {
        const world = newCloud()
        const hub = world.cloud.hub(HUB)
        const client = hubClient(world, "d")
        client.subscribe("$iothub/twin/res/#", 0)
        client.subscribe("$iothub/twin/PATCH/properties/desired/#", 0)
        client.publish("$iothub/twin/GET/?$rid=1", "", 0)
        const read = client.message()
        expect(read?.topic).toBe("$iothub/twin/res/200/?$rid=1")
        expect(JSON.parse(read?.body ?? "")).toEqual({ desired: { $version: 1 }, reported: { $version: 1 } })
        client.publish("$iothub/twin/PATCH/properties/reported/?$rid=2", '{"a":{"b":1,"c":2}}', 0)
        expect(client.message()?.topic).toBe("$iothub/twin/res/204/?$rid=2&$version=2")
        client.publish("$iothub/twin/PATCH/properties/reported/?$rid=3", '{"a":{"b":null}}', 0)
        expect(client.message()?.topic).toContain("$version=3")
        expect(hub.device("d")?.twin.reported.properties).toEqual({ a: { c: 2 } })
        client.publish("$iothub/twin/PATCH/properties/reported/?$rid=4", "nonsense", 0)
        expect(client.message()?.topic).toBe("$iothub/twin/res/400/?$rid=4")
        hub.patchDesired("d", { x: 1 })
        world.clock.advance(0)
        expect(client.message()).toMatchObject({
            topic: "$iothub/twin/PATCH/properties/desired/?$version=2",
            body: '{"x":1,"$version":2}',
        })
    })
})
