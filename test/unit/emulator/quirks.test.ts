// The options for behaviour that the documents leave open (protocol-facts.md, 10).
import { describe, expect, test } from "vitest"
import { dpsClient, dpsConnect, HUB, hubClient, newCloud, RawClient } from "../../helpers/raw-client.js"

const WRONG_KEY = Buffer.alloc(32, 1).toString("base64")
const REGISTER = "$dps/registrations/PUT/iotdps-register/?$rid=1"
const EVENTS = "devices/d/messages/events/"

describe("a wrong key at DPS", () => {
    test("is refused at CONNECT with wrongDpsKey connack5", () => {
        const world = newCloud({ quirks: { wrongDpsKey: "connack5" } })
        expect(new RawClient(world).connect(dpsConnect(world, "d", WRONG_KEY))?.returnCode).toBe(5)
        expect(new RawClient(world).connect(dpsConnect(world, "d"))?.returnCode).toBe(0)
    })

    test("is accepted at CONNECT and refused at register by default", () => {
        const world = newCloud()
        const client = new RawClient(world)
        expect(client.connect(dpsConnect(world, "d", WRONG_KEY))?.returnCode).toBe(0)
        client.subscribe("$dps/registrations/res/#")
        client.publish(REGISTER, "")
        expect(client.message()?.topic).toBe("$dps/registrations/res/401/?$rid=1")
    })
})

describe("QoS 2", () => {
    test("gets PUBACK with qos2Publish puback, and the message is recorded", () => {
        const world = newCloud({ quirks: { qos2Publish: "puback" } })
        const client = hubClient(world, "d")
        client.publish(EVENTS, "x", 2)
        expect(client.take("puback")).toBeDefined()
        expect(world.cloud.history.filter(event => event.kind === "telemetry")).toHaveLength(1)
        const dps = dpsClient(world, "d")
        dps.publish(REGISTER, "", 2)
        expect(dps.take("puback")).toBeDefined()
        expect(dps.message()?.topic).toContain("/202/")
    })

    test("closes the connection by default, at a hub and at DPS", () => {
        const world = newCloud()
        const clients = [hubClient(world, "d"), dpsClient(world, "d")]
        clients[0].publish(EVENTS, "x", 2)
        clients[1].publish(REGISTER, "", 2)
        expect(clients.map(client => client.closed)).toEqual([true, true])
    })
})

test("an unknown topic is ignored with unknownTopic ignore", () => {
    const world = newCloud({ quirks: { unknownTopic: "ignore" } })
    const clients = [hubClient(world, "d"), dpsClient(world, "d")]
    for (const client of clients) client.publish("no/such/topic", "x")
    expect(clients.map(client => client.closed)).toEqual([false, false])
    expect(clients[0].take("puback")).toBeDefined()
})

test("RETAIN is passed on with the name in retainProperty", () => {
    const world = newCloud({ quirks: { retainProperty: "x-opt-retain" } })
    const client = hubClient(world, "d")
    client.send({ cmd: "publish", topic: EVENTS, payload: "x", qos: 0, dup: false, retain: true })
    const { properties } = world.cloud.history.find(event => event.kind === "telemetry") ?? {}
    expect(properties).toEqual({ "x-opt-retain": "true" })
})

describe("a silence at DPS", () => {
    const silent = (dpsSilenceMaxSec: number | null) => {
        const world = newCloud({ quirks: { dpsSilenceMaxSec } })
        const client = new RawClient(world)
        client.connect({ ...dpsConnect(world, "d"), keepalive: 2000 })
        return { world, client }
    }

    test("is limited as at a hub by default", () => {
        const { world, client } = silent(1767)
        world.clock.advance(1766_000)
        expect(client.closed).toBe(false)
        world.clock.advance(1000)
        expect(client.closed).toBe(true)
    })

    test("may last one and a half keep alives without a limit", () => {
        const { world, client } = silent(null)
        world.clock.advance(2999_000)
        expect(client.closed).toBe(false)
        world.clock.advance(1000)
        expect(client.closed).toBe(true)
    })
})

describe("status lookups", () => {
    test("count as registrations with lookupQuota registrations", () => {
        const registrations = { calls: 1, perSec: 60 }
        const world = newCloud({
            quirks: { lookupQuota: "registrations" },
            quotas: { dpsRegistrations: registrations },
        })
        const caller = { registrationId: "d", token: undefined }
        expect([1, 2].map(() => world.cloud.dps.lookup(caller).status)).toEqual([401, 429])
        expect(world.cloud.hub(HUB).deviceIds()).toEqual([])
    })
})
