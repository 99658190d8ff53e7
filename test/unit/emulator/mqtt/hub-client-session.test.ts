// The state between two connections of a device, and the parsing of topics (protocol-facts.md, 5.1, 5.3, 5.4).
import type { IConnectPacket, IPublishPacket } from "mqtt-packet"
import { describe, expect, test } from "vitest"
import {
    DEVICE_KEY,
    HUB,
    hubClient,
    hubConnect,
    newCloud,
    RawClient,
    type CloudWorld,
} from "../../../helpers/raw-client.js"

const DEVICE_BOUND = "devices/d/messages/devicebound/#"
const EVENTS = "devices/d/messages/events/"

/** Connects the device again. @returns its client and the flag session present */
function reconnect(world: CloudWorld, fields: Partial<IConnectPacket>) {
    world.cloud.hub(HUB).putDevice("d", [DEVICE_KEY])
    const client = new RawClient(world)
    const connack = client.connect({ ...hubConnect(world, "d", DEVICE_KEY), ...fields })
    return { client, sessionPresent: connack?.sessionPresent }
}

const properties = (world: CloudWorld) =>
    world.cloud.history.filter(({ kind }) => kind === "telemetry").map(event => event.properties)

describe("session present [MQTT-3.2.2-2]", () => {
    test.each([
        ["clean session, then persistent", [true, false], [false, false]],
        ["persistent, then persistent", [false, false], [false, true]],
        ["persistent, then clean", [false, true], [false, false]],
        ["a clean session ends a persistent one", [false, true, false], [false, false, false]],
    ])("%s", (_name, cleans, presents) => {
        const world = newCloud()
        const seen = cleans.map(clean => {
            const { client, sessionPresent } = reconnect(world, { clean })
            client.end()
            return sessionPresent
        })
        expect(seen).toEqual(presents)
    })

    test("is 0 in a refusal [MQTT-3.2.2-4]", () => {
        const world = newCloud()
        reconnect(world, { clean: false })
        const refused = reconnect(world, { clean: false, password: Buffer.from("") })
        expect(refused.sessionPresent).toBe(false)
    })
})

describe("subscriptions", () => {
    test("of a clean session end with it [MQTT-3.1.2-6]", () => {
        const world = newCloud()
        const first = hubClient(world, "d", { clean: true })
        first.subscribe("$iothub/twin/res/#")
        first.end()
        const { client } = reconnect(world, { clean: false })
        client.publish("$iothub/twin/GET/?$rid=1", "")
        expect(client.message()).toBeUndefined()
    })

    test("of a persistent session survive the connection until UNSUBSCRIBE", () => {
        const world = newCloud()
        const first = hubClient(world, "d", { clean: false })
        first.subscribe("$iothub/twin/res/#")
        first.end()
        const { client } = reconnect(world, { clean: false })
        client.publish("$iothub/twin/GET/?$rid=1", "")
        expect(client.message()?.topic).toBe("$iothub/twin/res/200/?$rid=1")
        client.send({ cmd: "unsubscribe", messageId: 9, unsubscriptions: ["$iothub/twin/res/#"] })
        expect(client.take("unsuback")).toMatchObject({ messageId: 9 })
        client.publish("$iothub/twin/GET/?$rid=2", "")
        expect(client.message()).toBeUndefined()
    })
})

describe("a cloud-to-device message", () => {
    test("is sent again as a duplicate with the same packet identifier [MQTT-4.4.0-1]", () => {
        const world = newCloud()
        const first = hubClient(world, "d", { clean: false })
        first.subscribe(DEVICE_BOUND)
        for (const text of ["one", "two"]) world.cloud.hub(HUB).sendToDevice("d", text)
        world.clock.advance(0)
        const sent = [first.take("publish"), first.take("publish")] as IPublishPacket[]
        expect(sent.map(({ dup }) => dup)).toEqual([false, false])
        first.send({ cmd: "puback", messageId: sent[0].messageId })
        first.end()
        const { client } = reconnect(world, { clean: false })
        world.cloud.hub(HUB).sendToDevice("d", "three")
        world.clock.advance(0)
        const again = client.take("publish") as IPublishPacket
        const { messageId, dup } = again
        expect({ body: again.payload.toString(), messageId, dup }).toEqual({
            body: "two",
            messageId: sent[1].messageId,
            dup: true,
        })
        const next = client.take("publish") as IPublishPacket
        expect({ body: next.payload.toString(), dup: next.dup }).toEqual({ body: "three", dup: false })
        expect(next.messageId).not.toBe(messageId)
    })

    test("is not queued for a device that has never connected", () => {
        const world = newCloud()
        const hub = world.cloud.hub(HUB)
        hub.putDevice("d", [DEVICE_KEY])
        hub.sendToDevice("d", "too early")
        const client = hubClient(world, "d", { clean: false })
        client.subscribe(DEVICE_BOUND)
        expect(client.message()).toBeUndefined()
        hub.sendToDevice("d", "now")
        world.clock.advance(0)
        expect(client.message()?.body).toBe("now")
    })

    test("at QoS 0 needs no acknowledgement", () => {
        const world = newCloud()
        const first = hubClient(world, "d", { clean: false })
        first.subscribe(DEVICE_BOUND, 0)
        world.cloud.hub(HUB).sendToDevice("d", "once")
        world.clock.advance(0)
        expect(first.message()).toMatchObject({ body: "once", qos: 0 })
        first.end()
        expect(reconnect(world, { clean: false }).client.message()).toBeUndefined()
    })
})

describe("the property bag", () => {
    test.each([
        ["none", "", {}],
        [
            "system properties",
            "%24.ct=application%2Fjson&%24.ce=utf-8",
            { "$.ct": "application/json", "$.ce": "utf-8" },
        ],
        ["no value, an empty one, and a value with =", "a&b=&c=d=e", { a: "", b: "", c: "d=e" }],
        ["text that is not percent-encoded", "a=100%", { a: "100%" }],
    ])("%s", (_name, bag, expected) => {
        const world = newCloud()
        hubClient(world, "d").publish(EVENTS + bag, "{}")
        expect(properties(world)).toEqual([expected])
    })

    test("contains RETAIN as mqtt-retain", () => {
        const world = newCloud()
        const packet = { cmd: "publish", topic: `${EVENTS}a=1`, payload: "", qos: 0, dup: false } as const
        hubClient(world, "d").send({ ...packet, retain: true })
        expect(properties(world)).toEqual([{ a: "1", "mqtt-retain": "true" }])
    })
})

describe("a will", () => {
    const will = (topic: string) => ({ topic, payload: Buffer.from("gone"), qos: 1 as const, retain: false })

    test("keeps the properties of its topic", () => {
        const world = newCloud()
        hubClient(world, "d", { will: will(`${EVENTS}a=1`) }).end()
        expect(properties(world)).toEqual([{ a: "1", "iothub-MessageType": "Will" }])
    })

    test("with another topic than telemetry is ignored", () => {
        const world = newCloud()
        hubClient(world, "d", { will: will("devices/e/messages/events/") }).end()
        expect(properties(world)).toEqual([])
    })

    test("is sent when the hub ends the session", () => {
        const world = newCloud()
        hubClient(world, "d", { will: will(EVENTS) })
        world.cloud.hub(HUB).disconnect("d")
        expect(properties(world)).toHaveLength(1)
    })
})

test.each([
    ["no version", ""],
    ["the oldest version", "api-version=2016-11-14"],
    ["DeviceClientType and model-id", "api-version=2021-04-12&DeviceClientType=c%2F1&model-id=dtmi%3Aa%3B1"],
])("a hub takes a user name with /? and %s", (_name, query) => {
    const world = newCloud()
    world.cloud.hub(HUB).putDevice("d", [DEVICE_KEY])
    const fields = { ...hubConnect(world, "d", DEVICE_KEY), username: `${HUB}/d/?${query}` }
    expect(new RawClient(world).connect(fields)?.returnCode).toBe(0)
})

test("device IDs are case-sensitive, host names are not", () => {
    const world = newCloud()
    world.cloud.hub(HUB).putDevice("d", [DEVICE_KEY])
    const fields = hubConnect(world, "d", DEVICE_KEY)
    const as = (username: string, clientId: string) =>
        new RawClient(world).connect({ ...fields, username, clientId })?.returnCode
    expect(as(`${HUB}/D/?api-version=2021-04-12`, "D")).toBe(5)
    expect(as(`${HUB.toUpperCase()}/d/?api-version=2021-04-12`, "d")).toBe(0)
})

test("a late answer to a method is ignored, and so is the answer of another device", async () => {
    const world = newCloud()
    const hub = world.cloud.hub(HUB)
    const client = hubClient(world, "d")
    const other = hubClient(world, "e")
    client.subscribe("$iothub/methods/POST/#")
    const call = hub.invokeMethod("d", "m", null, { timeoutMs: 5000 })
    const refused = expect(call).rejects.toMatchObject({ code: 504101 })
    other.publish("$iothub/methods/res/200/?$rid=1", "{}")
    world.clock.advance(5000)
    await refused
    client.publish("$iothub/methods/res/200/?$rid=1", "{}")
    expect(client.closed).toBe(false)
    expect(world.cloud.history.some(({ kind }) => kind === "methodResponse")).toBe(false)
})
