// Fault rules: the requests that they affect, and the effects on a connection.
import { Agent, request as httpRequest } from "node:http"
import { afterEach, describe, expect, test } from "vitest"
import { startEmulator, type Emulator, type FaultRule } from "../../../../tools/emulator/index.js"
import { deriveDeviceKey, makeSasToken } from "@moorage/protocol"
import {
    DEVICE_KEY,
    dpsClient,
    dpsConnect,
    HUB,
    hubClient,
    hubConnect,
    newCloud,
    RawClient,
    SCOPE,
} from "../../../helpers/raw-client.js"

const REGISTER = "$dps/registrations/PUT/iotdps-register/?$rid=1"

function statusOf(client: RawClient): number {
    client.publish(REGISTER, "")
    return Number(/res\/(\d+)/.exec(client.message()?.topic ?? "")?.[1])
}

describe("a rule", () => {
    test("affects only the kind of request, the service and the IDs that it names", () => {
        const { faultRules } = newCloud().cloud
        faultRules.add({ on: "register", service: "dps", id: "lab-*", fault: { status: 503 } })
        const at = (kind: "register" | "poll", service: string, id: string) =>
            faultRules.faultAt({ kind, service, id })
        expect(at("register", "dps", "lab-1")).toEqual({ status: 503 })
        expect(at("poll", "dps", "lab-1")).toBeUndefined()
        expect(at("register", HUB, "lab-1")).toBeUndefined()
        expect(at("register", "dps", "line-1")).toBeUndefined()
        expect(faultRules.list()).toMatchObject([{ ruleId: "fault-1", affectedRequests: 1 }])
    })

    test("with a count of two ends after two requests", () => {
        const world = newCloud()
        world.cloud.faultRules.add({ on: "register", times: 2, fault: { status: 429, retryAfterSec: 7 } })
        const client = dpsClient(world, "d")
        client.publish(REGISTER, "")
        expect(client.message()?.topic).toBe("$dps/registrations/res/429/?$rid=1&retry-after=7")
        expect([statusOf(client), statusOf(client)]).toEqual([429, 202])
        expect(world.cloud.faultRules.list()).toEqual([])
    })

    test("with a time ends after that time", () => {
        const world = newCloud()
        world.cloud.faultRules.add({ forSec: 60, fault: { status: 500 } })
        const client = dpsClient(world, "d")
        world.clock.advance(59_999)
        expect(statusOf(client)).toBe(500)
        world.clock.advance(1)
        expect(statusOf(client)).toBe(202)
    })

    test("with a share affects about that share of the requests", () => {
        const { faultRules } = newCloud().cloud
        faultRules.add({ share: 0.1, fault: { status: 503 } })
        const point = { kind: "register", service: "dps", id: "d" } as const
        const struck = Array.from({ length: 2000 }, () => faultRules.faultAt(point)).filter(Boolean).length
        expect(struck).toBeGreaterThan(140)
        expect(struck).toBeLessThan(260)
    })

    test("can be removed, alone or with all others", () => {
        const { faultRules } = newCloud().cloud
        const ruleId = faultRules.add({ fault: { status: 503 } })
        expect(faultRules.remove(ruleId)).toBe(true)
        expect(faultRules.remove(ruleId)).toBe(false)
        faultRules.add({ fault: { status: 503 } })
        faultRules.clear()
        expect(faultRules.faultAt({ kind: "poll", service: "dps", id: "d" })).toBeUndefined()
    })
})

describe("a fault at CONNECT", () => {
    const connecting = (rule: FaultRule) => {
        const world = newCloud()
        world.cloud.hub(HUB).putDevice("d", [DEVICE_KEY])
        world.cloud.faultRules.add({ on: "connect", ...rule })
        const client = new RawClient(world)
        return { world, client, connack: client.connect(hubConnect(world, "d", DEVICE_KEY)) }
    }

    test("can be a CONNACK code", () => {
        expect(connecting({ fault: { connack: 3 } }).connack?.returnCode).toBe(3)
    })

    test("can delay CONNACK", () => {
        const { world, client, connack } = connecting({ fault: { delayMs: 5000 } })
        expect(connack).toBeUndefined()
        world.clock.advance(5000)
        expect(client.take("connack")).toMatchObject({ returnCode: 0 })
    })

    test("can close the connection in the middle of a packet", () => {
        const { world, client, connack } = connecting({ fault: { dropAfterBytes: 3 } })
        expect(connack).toBeUndefined()
        expect(client.closed).toBe(true)
        const { kind, detail } = world.cloud.history.at(-1) ?? {}
        expect({ kind, detail }).toEqual({ kind: "disconnect", detail: "injected fault" })
        expect(world.cloud.hub(HUB).device("d")?.session).toBeUndefined()
    })

    test("that closes after more bytes than a CONNACK lets the CONNACK through", () => {
        const { client, connack } = connecting({ fault: { dropAfterBytes: 5 } })
        expect(connack?.returnCode).toBe(0)
        client.send({ cmd: "pingreq" })
        expect(client.take("pingresp")).toBeUndefined()
        expect(client.closed).toBe(true)
    })

    test.each([[0], [2000]])(
        "close after CONNACK takes the connection and ends it %i ms later",
        closeAfterConnackMs => {
            const { world, client, connack } = connecting({ fault: { closeAfterConnackMs } })
            expect(connack?.returnCode).toBe(0)
            expect(client.closed).toBe(closeAfterConnackMs === 0)
            world.clock.advance(closeAfterConnackMs)
            expect(client.closed).toBe(true)
        }
    )

    test("can suppress the answer", () => {
        const { client, connack } = connecting({ fault: { mute: true } })
        expect(connack).toBeUndefined()
        expect(client.closed).toBe(false)
    })
})

describe("a hub that fails over", () => {
    test("closes its sessions, refuses connections for the given time, and then accepts its devices", () => {
        const world = newCloud()
        const hub = world.cloud.hub(HUB)
        const client = hubClient(world, "d")
        hub.failOver(30)
        world.clock.advance(0)
        expect(client.closed).toBe(true)
        expect(new RawClient(world).connect(hubConnect(world, "d", DEVICE_KEY))?.returnCode).toBe(5)
        world.clock.advance(30_000)
        expect(new RawClient(world).connect(hubConnect(world, "d", DEVICE_KEY))?.returnCode).toBe(0)
    })
})

describe("a key rotation", () => {
    test("on a hub keeps the session, and the next CONNECT needs the new key", () => {
        const world = newCloud()
        const client = hubClient(world, "d")
        const key = world.cloud.hub(HUB).rotateKey("d", "primary")
        expect(client.closed).toBe(false)
        expect(new RawClient(world).connect(hubConnect(world, "d", DEVICE_KEY))?.returnCode).toBe(5)
        expect(new RawClient(world).connect(hubConnect(world, "d", key))?.returnCode).toBe(0)
    })

    test("of the secondary key does not change the primary key", () => {
        const world = newCloud()
        hubClient(world, "d")
        const key = world.cloud.hub(HUB).rotateKey("d", "secondary")
        expect(world.cloud.hub(HUB).device("d")?.keys).toEqual([DEVICE_KEY, key])
    })
})

describe("a wrong clock", () => {
    test("makes valid tokens fail until it is corrected", () => {
        const world = newCloud()
        world.cloud.hub(HUB).putDevice("d", [DEVICE_KEY])
        const connect = () => new RawClient(world).connect(hubConnect(world, "d", DEVICE_KEY))?.returnCode
        world.cloud.clock.skewMs = 7200_000
        expect(connect()).toBe(5)
        world.cloud.clock.skewMs = 0
        expect(connect()).toBe(0)
    })
})

test("quotas can be changed while the cloud runs", () => {
    const world = newCloud()
    world.cloud.setQuotas({ dpsRegistrations: { calls: 1, perSec: 60 } })
    const client = dpsClient(world, "d")
    expect([statusOf(client), statusOf(client)]).toEqual([202, 429])
})

describe("a fault over HTTP on a socket", () => {
    let emulator: Emulator | undefined
    afterEach(() => emulator?.close())

    test("can cut the answer after a number of bytes", async () => {
        emulator = await startEmulator({ httpPort: 0, idScope: SCOPE })
        emulator.cloud.faultRules.add({ on: "lookup", fault: { dropAfterBytes: 20 } })
        const resource = `${SCOPE}/registrations/d`
        const token = makeSasToken(deriveDeviceKey(DEVICE_KEY, "d"), resource, Date.now() / 1000 + 60)
        const received = await new Promise<string>(resolve => {
            const asked = httpRequest({
                host: "127.0.0.1",
                port: emulator?.httpPort,
                method: "POST",
                path: `/${resource}?api-version=2021-06-01`,
                headers: { authorization: token },
                agent: new Agent(),
            })
            asked.on("error", error => resolve(error.message))
            asked.on("response", () => resolve("answered"))
            asked.end()
        })
        expect(received).not.toBe("answered")
    })

    test("at DPS affects MQTT and HTTP", () => {
        const world = newCloud()
        world.cloud.faultRules.add({ service: "dps", fault: { connack: 3, status: 503 } })
        expect(new RawClient(world).connect(dpsConnect(world, "d"))?.returnCode).toBe(3)
    })
})
