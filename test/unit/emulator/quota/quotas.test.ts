// The documented quotas of DPS and of a hub (protocol-facts.md, 4).
import { describe, expect, test } from "vitest"
import {
    DEVICE_KEY,
    dpsClient,
    HUB,
    hubClient,
    hubConnect,
    newCloud,
    RawClient,
} from "../../../helpers/raw-client.js"

const REGISTER = "$dps/registrations/PUT/iotdps-register/?$rid=1"
const POLL = "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1&operationId=x"

describe("DPS", () => {
    test("answers the 1,001st registration of a minute with 429 and a sufficient retry-after", () => {
        const world = newCloud()
        const client = dpsClient(world, "d")
        const register = () => {
            client.publish(REGISTER, "")
            return client.message()?.topic ?? ""
        }
        for (let i = 0; i < 1000; i++) expect(register()).toContain("/202/")
        const refused = register()
        expect(refused).toBe("$dps/registrations/res/429/?$rid=1&retry-after=1")
        world.clock.advance(1000)
        expect(register()).toContain("/202/")
    })

    test("accepts five polls in ten seconds per device", () => {
        const world = newCloud()
        const client = dpsClient(world, "d")
        const poll = (from: RawClient) => {
            from.publish(POLL, "")
            return from.message()?.topic
        }
        for (let i = 0; i < 5; i++) expect(poll(client)).toContain("/404/")
        expect(poll(client)).toBe("$dps/registrations/res/429/?$rid=1&retry-after=2")
        expect(poll(dpsClient(world, "e"))).toContain("/404/")
    })

    test("without a quota never throttles", () => {
        const world = newCloud({ quotas: { dpsRegistrations: null } })
        const client = dpsClient(world, "d")
        for (let i = 0; i < 1500; i++) {
            client.publish(REGISTER, "")
            expect(client.message()?.topic).toContain("/202/")
        }
    })
})

describe("a hub", () => {
    test("over its connect rate delays CONNACK, and closes the connection if the delay exceeds a minute", () => {
        const world = newCloud({ quotas: { hubConnects: { calls: 1, perSec: 10 } } })
        world.cloud.hub(HUB).putDevice("d", [DEVICE_KEY])
        const clients = Array.from({ length: 8 }, () => new RawClient(world))
        const connacks = clients.map(client =>
            client.connect({ ...hubConnect(world, "d", DEVICE_KEY), keepalive: 0 })
        )
        expect(connacks.filter(connack => connack !== undefined)).toHaveLength(1)
        expect(clients.slice(6).map(client => client.closed)).toEqual([false, true])
        world.clock.advance(9_999)
        expect(clients[1].take("connack")).toBeUndefined()
        world.clock.advance(1)
        expect(clients[1].take("connack")).toBeDefined()
    })

    test("over its message rate delays PUBACK, and closes the connection if the delay is too long", () => {
        const world = newCloud({ quotas: { hubTelemetry: { calls: 1, perSec: 20 } } })
        const client = hubClient(world, "d", { keepalive: 0 })
        const send = () => client.publish("devices/d/messages/events/", "{}")
        send()
        expect(client.take("puback")).toBeDefined()
        send()
        expect(client.take("puback")).toBeUndefined()
        world.clock.advance(20_000)
        expect(client.take("puback")).toBeDefined()
        for (let i = 0; i < 6; i++) send()
        expect(client.closed).toBe(true)
    })
})
