// The ends of an MQTT connection to DPS or to a hub: malformed packets and timeouts.
import fc from "fast-check"
import mqtt from "mqtt-packet"
import { expect, test } from "vitest"
import { dpsClient, dpsConnect, hubClient, newCloud, RawClient } from "../../../helpers/raw-client.js"

const KB = 1024
const EVENTS = "devices/d/messages/events/"

/** Returns a connected DPS client with this keep alive. */
function connected(keepalive: number) {
    const world = newCloud()
    const client = new RawClient(world)
    client.connect({ ...dpsConnect(world, "d"), keepalive })
    return { world, client }
}

test.each([
    ["reserved flags", [0x81, 0x00]],
    ["a remaining length of five bytes", [0x30, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ["a QoS of 3", [0x36, 0x03, 0, 1, 0x61]],
    ["packet type 0", [0x00, 0x00]],
    ["SUBSCRIBE without filters", [0x82, 0x00]],
    ["UNSUBSCRIBE that ends within a filter", [0xa2, 0x03, 0x00, 0x01, 0x00]],
    ["CONNACK from a client", [0x20, 0x02, 0x00, 0x00]],
])("a malformed packet closes the connection: %s", (_name, bytes) => {
    const { client } = connected(0)
    client.sendBytes(Uint8Array.from(bytes))
    expect(client.closed).toBe(true)
})

test("a first packet that is not CONNECT closes the connection [MQTT-3.1.0-1]", () => {
    const client = new RawClient(newCloud())
    client.send({ cmd: "pingreq" })
    expect(client.closed).toBe(true)
})

test("random bytes neither throw nor get CONNACK 0", () => {
    const accepted = (bytes: Uint8Array) => {
        const world = newCloud()
        new RawClient(world).sendBytes(bytes)
        return world.cloud.history.some(({ kind, status }) => kind === "connack" && status === 0)
    }
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 })
    fc.assert(
        fc.property(bytes, each => !accepted(each)),
        { numRuns: 300, seed: 1 }
    )
})

test("a packet may be split at any byte", () => {
    const hello = mqtt.generate({
        ...dpsConnect(newCloud(), "d"),
        cmd: "connect",
        clientId: "d",
        protocolId: "MQTT",
        protocolVersion: 4,
        clean: true,
        keepalive: 0,
    })
    for (let at = 1; at < hello.length; at++) {
        const client = new RawClient(newCloud())
        client.sendBytes(hello.subarray(0, at))
        client.sendBytes(hello.subarray(at))
        expect(client.take("connack")).toMatchObject({ returnCode: 0 })
    }
})

test("telemetry of 256 KB is accepted", () => {
    const world = newCloud()
    const client = hubClient(world, "d")
    client.publish(EVENTS, "x".repeat(256 * KB - EVENTS.length))
    expect(client.take("puback")).toBeDefined()
})

test.each([
    ["whole", 300 * KB],
    ["in pieces", 1000],
])("a packet over 256 KB closes the connection, sent %s", (_name, pieceBytes) => {
    const world = newCloud()
    const client = hubClient(world, "d")
    const payload = "x".repeat(260 * KB)
    const large = mqtt.generate({ cmd: "publish", topic: EVENTS, payload, qos: 0, dup: false, retain: false })
    for (let at = 0; at < large.length; at += pieceBytes)
        client.sendBytes(large.subarray(at, at + pieceBytes))
    expect(client.closed).toBe(true)
    expect(world.cloud.history.some(({ kind }) => kind === "telemetry")).toBe(false)
})

test("a missing or incomplete CONNECT closes the connection after 30 s", () => {
    const world = newCloud()
    const mute = new RawClient(world)
    const slow = new RawClient(world)
    world.clock.advance(29_000)
    slow.sendBytes(Uint8Array.of(0x10))
    expect([mute.closed, slow.closed]).toEqual([false, false])
    world.clock.advance(1_000)
    expect([mute.closed, slow.closed]).toEqual([true, true])
})

test("CONNACK may come later than 30 s, as from a hub that delays connections", () => {
    const world = newCloud()
    world.cloud.faultOverride = () => ({ delayMs: 60_000 })
    const client = new RawClient(world)
    client.connect({ ...dpsConnect(world, "d"), keepalive: 10 })
    world.clock.advance(59_999)
    expect(client.take("connack")).toBeUndefined()
    world.clock.advance(1)
    expect(client.take("connack")).toMatchObject({ returnCode: 0 })
})

test("one and a half keep alives after the last packet, the connection closes [MQTT-3.1.2-24]", () => {
    const { world, client } = connected(60)
    world.clock.advance(89_000)
    client.send({ cmd: "pingreq" })
    expect(client.take("pingresp")).toBeDefined()
    world.clock.advance(89_999)
    expect(client.closed).toBe(false)
    world.clock.advance(1)
    expect(client.closed).toBe(true)
})

test("the server waits at most 29.45 min", () => {
    const { world, client } = connected(0xffff)
    world.clock.advance(1_766_999)
    expect(client.closed).toBe(false)
    world.clock.advance(1)
    expect(client.closed).toBe(true)
})

test("keep alive 0 turns the timer off", () => {
    const { world, client } = connected(0)
    world.clock.advance(86_400_000)
    expect(client.closed).toBe(false)
})

test("a closed connection leaves no timer behind", () => {
    const world = newCloud()
    for (const client of [dpsClient(world, "d"), hubClient(world, "d")]) client.send({ cmd: "disconnect" })
    world.clock.advance(0)
    expect(world.clock.nextAtMs()).toBeUndefined()
})
