// MQTT.js and bare TLS sockets, for packets that Microsoft's clients never send.
import { once } from "node:events"
import { connect as connectTls, type TLSSocket } from "node:tls"
import { deriveDeviceKey, makeSasToken } from "@moorage/protocol"
import mqtt, { type IClientOptions, type MqttClient } from "mqtt"
import { generate, type Packet } from "mqtt-packet"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { GROUP_KEY, HUB, ID_SCOPE, type RunningCloud, startCloud } from "./sdk.js"

let running: RunningCloud

beforeAll(async () => {
    running = await startCloud()
})
afterAll(() => running.close())

const hub = () => running.cloud.hub(HUB)
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600
const telemetry = (id: string) =>
    running.cloud.history.filter(event => event.kind === "telemetry" && event.id === id)
const ends = (id: string) =>
    running.cloud.history.filter(event => event.kind === "disconnect" && event.id === id).map(e => e.detail)

/** Creates a device on the hub and returns its options for MQTT.js. */
function hubOptions(id: string): IClientOptions {
    hub().putDevice(id, [deriveDeviceKey(GROUP_KEY, id)])
    const password = makeSasToken(deriveDeviceKey(GROUP_KEY, id), `${HUB}/devices/${id}`, inAnHour())
    return { clientId: id, username: `${HUB}/${id}/?api-version=2021-04-12`, password }
}

function dpsOptions(id: string): IClientOptions {
    const resource = `${ID_SCOPE}/registrations/${id}`
    const password = makeSasToken(deriveDeviceKey(GROUP_KEY, id), resource, inAnHour(), "registration")
    return { clientId: id, username: `${resource}/api-version=2019-03-31`, password }
}

function connect(options: IClientOptions): MqttClient {
    const { ca, mqttPort } = running.servers
    const client = mqtt.connect({
        protocol: "mqtts",
        host: "localhost",
        port: mqttPort,
        ca,
        reconnectPeriod: 0,
        ...options,
    })
    client.on("error", () => undefined)
    return client
}

const event = (client: MqttClient, name: "close" | "connect") =>
    new Promise<void>(resolve => client.once(name, () => resolve()))

async function connected(options: IClientOptions): Promise<MqttClient> {
    const client = connect(options)
    await event(client, "connect")
    return client
}

/** Connects and returns the return code of CONNACK. */
async function refusal(options: IClientOptions): Promise<number | undefined> {
    const client = connect(options)
    return new Promise(resolve => {
        client.on("packetreceive", packet => packet.cmd === "connack" && resolve(packet.returnCode))
        client.once("close", () => resolve(undefined))
    })
}

/** Opens a TLS socket without a protocol. */
async function bareSocket(): Promise<TLSSocket> {
    const { ca, mqttPort } = running.servers
    const socket = connectTls({ host: "127.0.0.1", port: mqttPort, servername: "localhost", ca })
    socket.on("error", () => undefined)
    await once(socket, "secureConnect")
    return socket
}

const connectPacket = (options: IClientOptions, keepalive = 0) =>
    generate({
        ...options,
        password: Buffer.from(String(options.password)),
        cmd: "connect",
        protocolId: "MQTT",
        protocolVersion: 4,
        clean: true,
        keepalive,
    } as Packet)

/** Resolves when the other side has closed. */
async function closed(socket: TLSSocket): Promise<void> {
    socket.resume()
    if (!socket.closed) await once(socket, "close")
}

describe("MQTT.js / CONNECT", () => {
    test("with a wrong user name, an empty one, another client ID: CONNACK 5", async () => {
        const options = hubOptions("names")
        expect(await refusal({ ...options, username: "names" })).toBe(5)
        expect(await refusal({ ...options, username: "" })).toBe(5)
        expect(await refusal({ ...options, clientId: "others" })).toBe(5)
    })

    test("as MQTT 5 and MQTT 3.1: CONNACK 1", async () => {
        expect(await refusal({ ...hubOptions("old"), protocolVersion: 3, protocolId: "MQIsdp" })).toBe(1)
        const socket = await bareSocket()
        const answer = once(socket, "data")
        socket.write(
            generate({ ...connectFields("new"), protocolVersion: 5 } as Packet, { protocolVersion: 5 })
        )
        const [bytes] = (await answer) as [Buffer]
        expect([...bytes]).toEqual([0x20, 2, 0, 1])
        await closed(socket)
    })

    test("twice on one connection: closed", async () => {
        const socket = await bareSocket()
        const options = hubOptions("again")
        socket.write(connectPacket(options))
        await once(socket, "data")
        socket.write(connectPacket(options))
        await closed(socket)
        expect(ends("again")).toEqual(["unexpected connect"])
    })

    test("with a packet before it: closed without an answer", async () => {
        const socket = await bareSocket()
        let receivedBytes = 0
        socket.on("data", (bytes: Buffer) => (receivedBytes += bytes.length))
        socket.write(generate({ cmd: "pingreq" }))
        await closed(socket)
        expect(receivedBytes).toBe(0)
    })

    test("clean session 0 keeps subscriptions, 1 deletes them, with the flag session present", async () => {
        const options = { ...hubOptions("kept"), clean: false }
        const present = async (clean: boolean) => {
            const client = connect({ ...options, clean })
            const connack = new Promise<boolean>(resolve =>
                client.on(
                    "packetreceive",
                    packet => packet.cmd === "connack" && resolve(packet.sessionPresent)
                )
            )
            const value = await connack
            return { client, value }
        }
        const first = await present(false)
        await first.client.subscribeAsync("devices/kept/messages/devicebound/#", { qos: 1 })
        await first.client.endAsync()
        const second = await present(false)
        await second.client.endAsync()
        const third = await present(true)
        await third.client.endAsync()
        expect([first.value, second.value, third.value]).toEqual([false, true, false])
        expect(hub().device("kept")?.subscriptions.size).toBe(0)
    })
})

function connectFields(id: string) {
    return {
        ...hubOptions(id),
        cmd: "connect",
        protocolId: "MQTT",
        clean: true,
        keepalive: 0,
    }
}

describe("MQTT.js / PUBLISH", () => {
    test("QoS 2 to the hub and to DPS: closed", async () => {
        const clients = [await connected(hubOptions("qos2")), await connected(dpsOptions("qos2"))]
        const topics = ["devices/qos2/messages/events/", "$dps/registrations/PUT/iotdps-register/?$rid=1"]
        const gone = clients.map(client => event(client, "close"))
        clients.forEach((client, i) => client.publish(topics[i], "x", { qos: 2 }))
        await Promise.all(gone)
        expect(telemetry("qos2")).toEqual([])
        expect(running.cloud.counters("qos2").registrations).toBe(0)
    })

    test.each([
        ["another device's telemetry", "devices/other/messages/events/"],
        ["a topic that the hub does not know", "my/topic"],
        ["a device-bound topic", "devices/topics/messages/devicebound/x"],
        ["the twin without a request ID", "$iothub/twin/GET/"],
    ])("to %s: closed", async (_what, topic) => {
        const client = await connected(hubOptions("topics"))
        const gone = event(client, "close")
        client.publish(topic, "x", { qos: 1 })
        await gone
        expect(telemetry("topics")).toEqual([])
    })

    test("to an unknown DPS topic: closed", async () => {
        const client = await connected(dpsOptions("dps-topics"))
        const gone = event(client, "close")
        client.publish("$dps/registrations/POST/iotdps-delete/?$rid=1", "x", { qos: 1 })
        await gone
    })

    test("of 300 KB: closed, and nothing is recorded", async () => {
        const client = await connected(hubOptions("huge"))
        const gone = event(client, "close")
        client.publish("devices/huge/messages/events/", Buffer.alloc(300 * 1024), { qos: 1 })
        await gone
        expect(telemetry("huge")).toEqual([])
    })

    test("with RETAIN: passed on as a property, not retained", async () => {
        const client = await connected(hubOptions("retain"))
        await client.publishAsync("devices/retain/messages/events/a=1", "x", { qos: 1, retain: true })
        await client.endAsync()
        expect(telemetry("retain")[0].properties).toEqual({ a: "1", "mqtt-retain": "true" })
    })

    test("a will is recorded as telemetry when the socket fails, and not after DISCONNECT", async () => {
        const options = hubOptions("will")
        const will = {
            topic: "devices/will/messages/events/",
            payload: Buffer.from("gone"),
            qos: 1,
            retain: false,
        } as const
        await (await connected({ ...options, will })).endAsync()
        const client = await connected({ ...options, will })
        client.stream.destroy()
        await expect.poll(() => telemetry("will")).toHaveLength(1)
        expect(telemetry("will")[0]).toMatchObject({
            body: "gone",
            properties: { "iothub-MessageType": "Will" },
        })
    })
})

describe("MQTT.js / SUBSCRIBE", () => {
    const DOCUMENTED = [
        "$iothub/methods/POST/#",
        "$iothub/twin/res/#",
        "$iothub/twin/PATCH/properties/desired/#",
        "devices/filters/messages/devicebound/#",
        "devices/+/messages/devicebound/#",
    ]

    test("the five documented filters are granted, a sixth is not", async () => {
        const client = await connected(hubOptions("filters"))
        const grants = await client.subscribeAsync(DOCUMENTED, { qos: 1 })
        expect(grants.map(grant => grant.qos)).toEqual([1, 1, 1, 1, 1])
        await expect(client.subscribeAsync("$iothub/sixth/#", { qos: 1 })).rejects.toThrow()
        expect(hub().device("filters")?.subscriptions.size).toBe(5)
        await client.endAsync()
    })

    test.each([
        ["#"],
        ["+/#"],
        ["$iothub/#"],
        ["devices/other/messages/devicebound/#"],
        ["$dps/registrations/res/#"],
    ])("%s is refused with 128", async filter => {
        const client = await connected(hubOptions("wild"))
        await expect(client.subscribeAsync(filter, { qos: 1 })).rejects.toThrow(/Unspecified error|128/)
        await client.endAsync()
    })

    test("QoS 2 is granted as 1", async () => {
        const client = await connected(hubOptions("granted"))
        const [grant] = await client.subscribeAsync("$iothub/methods/POST/#", { qos: 2 })
        expect(grant.qos).toBe(1)
        await client.endAsync()
    })
})

describe("bare sockets", () => {
    test.each([
        ["an invalid packet type", [0xf0, 0]],
        ["a remaining length without end", [0x30, 0xff, 0xff, 0xff, 0xff, 0xff]],
        ["a SUBSCRIBE with wrong flags", [0x80, 2, 0, 1]],
        ["an incomplete CONNECT, then random bytes", [0x10, 4, 0, 4, 77, 81, 0, 0, 0, 0]],
        ["HTTP", [...Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
    ])("%s: closed, and the next client is served", async (_what, bytes) => {
        const socket = await bareSocket()
        socket.write(Buffer.from(bytes))
        await closed(socket)
        const client = await connected(hubOptions("next"))
        await client.endAsync()
    })

    test("a malformed packet within a session: closed", async () => {
        const socket = await bareSocket()
        socket.write(connectPacket(hubOptions("torn")))
        await once(socket, "data")
        socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff]))
        await closed(socket)
        expect(ends("torn")).toEqual([expect.stringContaining("malformed packet")])
    })

    test("a silence of one and a half keep alives: closed", async () => {
        const socket = await bareSocket()
        socket.write(connectPacket(hubOptions("silent"), 1))
        await once(socket, "data")
        await closed(socket)
        expect(ends("silent")).toEqual(["keep alive expired"])
    })

    test("a client that does not read: closed before it uses much memory", async () => {
        const options = hubOptions("slow")
        const socket = await bareSocket()
        socket.write(connectPacket(options))
        await once(socket, "data")
        socket.write(
            generate({
                cmd: "subscribe",
                messageId: 1,
                subscriptions: [{ topic: "$iothub/twin/PATCH/properties/desired/#", qos: 0 }],
            } as Packet)
        )
        await once(socket, "data")
        socket.pause()
        const desired = Object.fromEntries([..."abcdefg"].map(key => [key, "x".repeat(4000)]))
        let sent = 0
        while (hub().device("slow")?.session && sent < 2000) {
            hub().patchDesired("slow", desired)
            sent++
            await new Promise(resolve => setImmediate(resolve))
        }
        expect(ends("slow")).toEqual(["client does not read"])
        expect(sent).toBeLessThan(2000)
        socket.destroy()
    })
})
