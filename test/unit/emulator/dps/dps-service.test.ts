// Registrations at DPS over MQTT, from CONNECT to the outcome.
import { describe, expect, test } from "vitest"
import { deriveDeviceKey } from "@moorage/protocol"
import {
    dpsClient,
    dpsConnect,
    GROUP_KEY,
    HUB,
    newCloud,
    RawClient,
    SCOPE,
    type CloudWorld,
} from "../../../helpers/raw-client.js"

const REGISTER = "$dps/registrations/PUT/iotdps-register/?$rid=7"
const poll = (id: string) => `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=8&operationId=${id}`

/** Registers, polls until the outcome, and returns its body. */
function outcome(world: CloudWorld, id: string) {
    const client = dpsClient(world, id)
    client.publish(REGISTER, "")
    const { operationId } = JSON.parse(client.message()?.body ?? "{}")
    world.clock.advance(3000)
    client.publish(poll(operationId), " ")
    const answer = client.message()
    client.end()
    return { topic: answer?.topic, body: JSON.parse(answer?.body ?? "{}") }
}

describe("CONNECT to DPS", () => {
    test.each(["2019-03-31", "2021-06-01", "2019-03-31&ClientVersion=sdk%2F1"])(
        "takes api-version=%s",
        version => {
            const world = newCloud()
            const fields = dpsConnect(world, "d")
            const username = `${SCOPE}/registrations/d/api-version=${version}`
            expect(new RawClient(world).connect({ ...fields, username })?.returnCode).toBe(0)
        }
    )

    test("accepts keep alive 0 and both clean session flags, and never has a session present", () => {
        const world = newCloud()
        for (const clean of [true, false]) {
            const connack = new RawClient(world).connect({ ...dpsConnect(world, "d"), clean, keepalive: 0 })
            expect(connack).toMatchObject({ returnCode: 0, sessionPresent: false })
        }
    })

    test("with a wrong ID scope gets CONNACK 3", () => {
        const world = newCloud()
        const username = "0ne00OTHER1/registrations/d/api-version=2019-03-31"
        const client = new RawClient(world)
        expect(client.connect({ ...dpsConnect(world, "d"), username })?.returnCode).toBe(3)
        expect(client.closed).toBe(true)
    })

    test("with a wrong key is accepted, and register gets 401000", () => {
        const world = newCloud()
        const client = new RawClient(world)
        expect(client.connect(dpsConnect(world, "d", Buffer.alloc(32).toString("base64")))?.returnCode).toBe(
            0
        )
        client.subscribe("$dps/registrations/res/#")
        client.publish(REGISTER, "{}")
        const answer = client.message()
        expect(answer?.topic).toBe("$dps/registrations/res/401/?$rid=7")
        expect(JSON.parse(answer?.body ?? "")).toEqual({
            errorCode: 401000,
            trackingId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
            message: "Unauthorized",
            timestampUtc: expect.stringMatching(/^2026-01-01T00:00:00\.\d{7}Z$/),
        })
    })

    test("closes the connection if it is late or if another packet comes first", () => {
        const world = newCloud()
        const silent = new RawClient(world)
        world.clock.advance(30_000)
        expect(silent.closed).toBe(true)
        const early = new RawClient(world)
        early.send({ cmd: "pingreq" })
        expect(early.closed).toBe(true)
    })

    test("followed by a silence of one and a half keep alives closes the connection", () => {
        const world = newCloud()
        const client = new RawClient(world)
        client.connect({ ...dpsConnect(world, "d"), keepalive: 60 })
        world.clock.advance(89_000)
        expect(client.closed).toBe(false)
        world.clock.advance(2000)
        expect(client.closed).toBe(true)
    })
})

describe("SUBSCRIBE at DPS", () => {
    test.each([
        [0, 0],
        [1, 1],
        [2, 1],
    ] as const)("QoS %i is granted as %i, and answers come with that", (asked, granted) => {
        const world = newCloud()
        const client = new RawClient(world)
        client.connect(dpsConnect(world, "d"))
        expect(client.subscribe("$dps/registrations/res/#", asked)).toBe(granted)
        client.publish(REGISTER, "{}")
        expect(client.message()?.qos).toBe(granted)
    })

    test("to another filter is refused", () => {
        const world = newCloud()
        const client = new RawClient(world)
        client.connect(dpsConnect(world, "d"))
        expect(client.subscribe("$dps/#")).toBe(128)
    })
})

describe("a registration", () => {
    test("gets PUBACK, then 202 with retry-after after $rid", () => {
        const world = newCloud({ retryAfterSec: 3 })
        const client = dpsClient(world, "d")
        client.publish(REGISTER, '{"registrationId":"d"}')
        expect(client.packets.map(packet => packet.cmd)).toEqual(["puback", "publish"])
        const answer = client.message()
        expect(answer?.topic).toBe("$dps/registrations/res/202/?$rid=7&retry-after=3")
        expect(answer?.body).toMatch(
            /^\{"operationId":"\d\.[0-9a-f]{16}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}","status":"assigning"\}$/
        )
    })

    test("stays assigning for its time, then is assigned, with the fields in the service's order", () => {
        const world = newCloud({ assigningMs: 2000 })
        const client = dpsClient(world, "d")
        client.publish(REGISTER, "")
        const { operationId } = JSON.parse(client.message()?.body ?? "")
        world.clock.advance(1999)
        client.publish(poll(operationId), '{"any":"body"}')
        expect(client.message()?.topic).toContain("/202/?$rid=8&retry-after=")
        world.clock.advance(1)
        client.publish(poll(operationId), "")
        const answer = client.message()
        expect(answer?.topic).toBe("$dps/registrations/res/200/?$rid=8")
        const body = JSON.parse(answer?.body ?? "")
        expect(Object.keys(body)).toEqual(["operationId", "status", "registrationState"])
        expect(Object.keys(body.registrationState)).toEqual([
            "registrationId",
            "createdDateTimeUtc",
            "assignedHub",
            "deviceId",
            "status",
            "substatus",
            "lastUpdatedDateTimeUtc",
            "etag",
        ])
        expect(Buffer.from(body.registrationState.etag, "base64").toString()).toMatch(/^"[0-9a-f-]{36}"$/)
        expect(body.registrationState.createdDateTimeUtc).toMatch(/\.\d{7}Z$/)
    })

    test("creates the device identity on its hub, with the derived key", () => {
        const world = newCloud()
        const { body } = outcome(world, "d")
        const { assignedHub, deviceId, substatus } = body.registrationState
        expect(world.cloud.hub(assignedHub).device(deviceId)?.keys).toContain(deriveDeviceKey(GROUP_KEY, "d"))
        expect(substatus).toBe("initialAssignment")
    })

    test("has an ID that is compared in lower case", () => {
        const world = newCloud()
        const client = new RawClient(world)
        const fields = dpsConnect(world, "d")
        expect(
            client.connect({ ...fields, clientId: "D", username: fields.username?.replace("/d/", "/D/") })
                ?.returnCode
        ).toBe(0)
        client.subscribe("$dps/registrations/res/#")
        client.publish(REGISTER, "")
        expect(client.message()?.topic).toContain("/202/")
        expect(world.cloud.counters("d").registrations).toBe(1)
    })

    test("with the policy hashed selects the same hub each time, and distributes devices evenly", () => {
        const world = newCloud()
        const shares: Record<string, number> = {}
        for (let i = 0; i < 200; i++) {
            const hub = outcome(world, `d${i}`).body.registrationState.assignedHub
            if (i < 20) expect(outcome(world, `d${i}`).body.registrationState.assignedHub).toBe(hub)
            shares[hub] = (shares[hub] ?? 0) + 1
        }
        for (const share of Object.values(shares)) expect(share).toBeGreaterThan(60)
        expect(Object.keys(shares)).toHaveLength(2)
    })

    test("with the policy static selects the first hub of the list, and a changed list moves the device", () => {
        const world = newCloud()
        const group = { enrollmentGroupId: "g", primaryKey: GROUP_KEY, allocationPolicy: "static" as const }
        world.cloud.dps.enrollments.putGroup({ ...group, iotHubs: [HUB] })
        expect(outcome(world, "d").body.registrationState.assignedHub).toBe(HUB)
        world.cloud.dps.enrollments.putGroup({ ...group, iotHubs: ["two.azure-devices.net"] })
        const moved = outcome(world, "d").body.registrationState
        expect(moved).toMatchObject({ assignedHub: "two.azure-devices.net", substatus: "deviceDataMigrated" })
        expect(world.cloud.hub(HUB).device("d")).toBeUndefined()
        expect(world.cloud.hub("two.azure-devices.net").device("d")).toBeDefined()
    })

    test("with the policy never keeps its hub", () => {
        const world = newCloud()
        const group = {
            enrollmentGroupId: "g",
            primaryKey: GROUP_KEY,
            allocationPolicy: "static" as const,
            reprovisionPolicy: { updateHubAssignment: false, migrateDeviceData: false },
        }
        world.cloud.dps.enrollments.putGroup({ ...group, iotHubs: [HUB] })
        outcome(world, "d")
        world.cloud.dps.enrollments.putGroup({ ...group, iotHubs: ["two.azure-devices.net"] })
        expect(outcome(world, "d").body.registrationState.assignedHub).toBe(HUB)
    })

    test("of a disabled enrollment gets 200, disabled and an empty operationId", () => {
        const world = newCloud()
        world.cloud.dps.enrollments.putGroup({
            enrollmentGroupId: "g",
            primaryKey: GROUP_KEY,
            provisioningStatus: "disabled",
        })
        const client = dpsClient(world, "d")
        client.publish(REGISTER, "")
        const answer = client.message()
        expect(answer?.topic).toBe("$dps/registrations/res/200/?$rid=7")
        expect(answer?.body).toBe(
            '{"operationId":"","status":"disabled","registrationState":{"registrationId":"d","status":"disabled"}}'
        )
    })

    test("uses the individual enrollment before the group, and accepts both keys", () => {
        const world = newCloud()
        const [primaryKey, secondaryKey] = [10, 11].map(n => Buffer.alloc(32, n).toString("base64"))
        world.cloud.dps.enrollments.putIndividual({
            registrationId: "d",
            deviceId: "own-name",
            primaryKey,
            secondaryKey,
        })
        for (const key of [primaryKey, secondaryKey]) {
            const client = new RawClient(world)
            client.connect(dpsConnect(world, "d", key))
            client.subscribe("$dps/registrations/res/#")
            client.publish(REGISTER, "")
            expect(client.message()?.topic).toContain("/202/")
        }
        world.clock.advance(2000)
        expect(world.cloud.dps.registration("d")?.deviceId).toBe("own-name")
        const other = Buffer.alloc(64, 12).toString("base64")
        world.cloud.dps.enrollments.putGroup({
            enrollmentGroupId: "g",
            primaryKey: other,
            secondaryKey: GROUP_KEY,
        })
        expect(outcome(world, "e").body.status).toBe("assigned")
    })

    test("gets 404 for an operation that is unknown or belongs to another device", () => {
        const world = newCloud()
        const other = dpsClient(world, "other")
        other.publish(REGISTER, "")
        const { operationId } = JSON.parse(other.message()?.body ?? "")
        const client = dpsClient(world, "d")
        for (const id of ["5.0.0", operationId]) {
            client.publish(poll(id), "")
            const answer = client.message()
            expect(answer?.topic).toBe("$dps/registrations/res/404/?$rid=8")
            expect(JSON.parse(answer?.body ?? "").errorCode).toBe(404204)
        }
    })

    test("may use a request ID twice", () => {
        const world = newCloud()
        const client = dpsClient(world, "d")
        for (let i = 0; i < 3; i++) {
            client.publish(REGISTER, "")
            expect(client.message()?.topic).toContain("$rid=7")
        }
    })
})

describe("a packet that no SDK sends", () => {
    test.each([
        ["an unknown topic", (client: RawClient) => client.publish("$dps/registrations/DELETE/?$rid=1", "")],
        ["QoS 2", (client: RawClient) => client.publish(REGISTER, "", 2)],
        ["a second CONNECT", (client: RawClient) => client.connect({ clientId: "d" })],
        [
            "bytes that are no packet",
            (client: RawClient) => client.sendBytes(Buffer.from("GET / HTTP/1.1\r\n\r\n")),
        ],
        [
            "a packet over 256 KB",
            (client: RawClient) =>
                client.sendBytes(
                    Buffer.concat([Buffer.from([0x30, 0xff, 0xff, 0x7f]), Buffer.alloc(300_000)])
                ),
        ],
    ])("%s ends the connection", (_name, act) => {
        const world = newCloud()
        const client = dpsClient(world, "d")
        act(client)
        expect(client.closed).toBe(true)
    })
})

describe("a fault", () => {
    test("is requested once per request, and sets the status and retry-after", () => {
        const world = newCloud()
        const points: string[] = []
        world.cloud.faultOverride = point => {
            points.push(point.kind)
            return point.kind === "register" ? { status: 429, retryAfterSec: 9 } : undefined
        }
        const client = dpsClient(world, "d")
        client.publish(REGISTER, "")
        expect(client.message()?.topic).toBe("$dps/registrations/res/429/?$rid=7&retry-after=9")
        expect(points).toEqual(["connect", "register"])
    })

    test("can delay an answer, close the connection, or never answer", () => {
        const world = newCloud()
        world.cloud.faultOverride = () => ({ delayMs: 500 })
        const slow = new RawClient(world)
        expect(slow.connect(dpsConnect(world, "d"))).toBeUndefined()
        world.clock.advance(500)
        expect(slow.take("connack")).toBeDefined()
        world.cloud.faultOverride = () => ({ close: true })
        const dropped = new RawClient(world)
        dropped.connect(dpsConnect(world, "d"))
        expect(dropped.closed).toBe(true)
        world.cloud.faultOverride = () => ({ mute: true })
        const mute = new RawClient(world)
        expect(mute.connect(dpsConnect(world, "d"))).toBeUndefined()
        expect(mute.closed).toBe(false)
        world.cloud.faultOverride = () => ({ connack: 5 })
        expect(new RawClient(world).connect(dpsConnect(world, "d"))?.returnCode).toBe(5)
    })
})

test("no event of the cloud contains a key or a token", () => {
    const world = newCloud()
    outcome(world, "d")
    const text = JSON.stringify(world.cloud.history)
    expect(text).not.toContain("sig=")
    expect(text).not.toContain(GROUP_KEY)
    expect(text).not.toContain(deriveDeviceKey(GROUP_KEY, "d"))
})
