// DPS over MQTT: refusals, filters, quality of service and the exact bodies (protocol-facts.md, 1.2 to 1.7).
import { describe, expect, test } from "vitest"
import { deriveDeviceKey, makeSasToken } from "@moorage/protocol"
import {
    dpsClient,
    dpsConnect,
    GROUP_KEY,
    HUB,
    inOneHourSec,
    newCloud,
    RawClient,
    SCOPE,
} from "../../../helpers/raw-client.js"

const FILTER = "$dps/registrations/res/#"
const REGISTER = "$dps/registrations/PUT/iotdps-register/?$rid=1"
const poll = (id: string) => `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1&operationId=${id}`
const GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
const TIME = "2026-01-01T00:00:\\d\\d\\.\\d{7}Z"

function ask(client: RawClient, topic: string, body = "") {
    client.publish(topic, body, 0)
    const answer = client.message()
    if (!answer) throw new Error(`no answer to ${topic}`)
    return answer
}

/** Registers and waits for the answer. @returns the operation ID */
function registered(world: ReturnType<typeof newCloud>, client: RawClient): string {
    const { operationId } = JSON.parse(ask(client, REGISTER).body) as { operationId: string }
    world.clock.advance(2000)
    return operationId
}

describe("CONNECT", () => {
    test.each([
        ["another client ID", { clientId: "e" }, 5],
        ["no user name", { username: undefined, password: undefined }, 5],
        [
            "the hub's /? in the user name",
            { username: `${SCOPE}/registrations/d/?api-version=2019-03-31` },
            5,
        ],
        ["MQTT 3.1", { protocolId: "MQIsdp" as const, protocolVersion: 3 as const }, 1],
    ])("with %s is refused and closed", (_name, fields, returnCode) => {
        const world = newCloud()
        const client = new RawClient(world)
        expect(client.connect({ ...dpsConnect(world, "d"), ...fields })?.returnCode).toBe(returnCode)
        expect(client.closed).toBe(true)
    })
})

describe("the refusal of a register", () => {
    test("has an error code, a tracking ID, a message and a time, and no operation", () => {
        const world = newCloud()
        const client = new RawClient(world)
        client.connect(dpsConnect(world, "d", GROUP_KEY))
        client.subscribe(FILTER)
        const { topic, body } = ask(client, REGISTER)
        expect(topic).toBe("$dps/registrations/res/401/?$rid=1")
        expect(body).toMatch(
            new RegExp(
                `^{"errorCode":401000,"trackingId":"${GUID}","message":"Unauthorized","timestampUtc":"${TIME}"}$`
            )
        )
    })

    test.each([
        ["an expired token", SCOPE, -3601],
        ["a token of another scope", "0neOTHER", 0],
    ])("meets %s", (_name, scope, laterSec) => {
        const world = newCloud()
        const key = deriveDeviceKey(GROUP_KEY, "d")
        const token = makeSasToken(key, `${scope}/registrations/d`, inOneHourSec(world) + laterSec)
        const client = new RawClient(world)
        client.connect({ ...dpsConnect(world, "d"), password: Buffer.from(token) })
        client.subscribe(FILTER)
        expect(JSON.parse(ask(client, REGISTER).body)).toMatchObject({ errorCode: 401000 })
    })

    test.each([["ends-in-dot."], ["sp ace"], ["x".repeat(129)]])("is sent for the malformed ID %s", id => {
        const client = dpsClient(newCloud(), id)
        expect(ask(client, REGISTER).topic).toContain("/res/400/")
    })
})

describe("the response", () => {
    test.each([
        [0, 0],
        [1, 1],
        [2, 1],
    ] as const)("to a subscription of QoS %i comes at %i", (asked, granted) => {
        const answer = ask(dpsClient(newCloud(), "d", asked), REGISTER)
        expect(answer.qos).toBe(granted)
        expect(answer.messageId).toBe(granted ? 1 : undefined)
    })

    test("needs the subscription, which ends only with UNSUBSCRIBE", () => {
        const client = dpsClient(newCloud(), "d")
        client.send({ cmd: "unsubscribe", messageId: 7, unsubscriptions: ["$dps/other"] })
        expect(client.take("unsuback")).toMatchObject({ messageId: 7 })
        ask(client, REGISTER)
        client.send({ cmd: "unsubscribe", messageId: 8, unsubscriptions: [FILTER] })
        expect(() => ask(client, REGISTER)).toThrow("no answer")
    })

    test.each([["a-b"], ["8f7c1d3e-6d0b-4b8e-9f6a-1c2d3e4f5a6b"]])("has the request's $rid %s", rid => {
        const { topic } = ask(dpsClient(newCloud(), "d"), REGISTER.replace(/1$/, rid))
        expect(topic).toBe(`$dps/registrations/res/202/?$rid=${rid}&retry-after=3`)
    })
})

test.each([["#"], ["$dps/registrations/res/+"], ["$dps/registrations/res/200/#"]])(
    "the filter %s is refused with 128",
    filter => {
        expect(dpsClient(newCloud(), "d").subscribe(filter)).toBe(128)
    }
)

test.each([
    ["$dps/registrations/GET/iotdps-get-registration/?$rid=1"],
    ["$dps/registrations/PUT/iotdps-register/"],
    ["$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1"],
    ["devices/d/messages/events/"],
])("the unknown topic %s closes the connection", topic => {
    const client = dpsClient(newCloud(), "d")
    client.publish(topic, "{}")
    expect(client.closed).toBe(true)
})

describe("the body", () => {
    test("of a poll while assigning", () => {
        const client = dpsClient(newCloud(), "d")
        const { operationId } = JSON.parse(ask(client, REGISTER).body) as { operationId: string }
        const { topic, body } = ask(client, poll(operationId), " ")
        expect(topic).toBe("$dps/registrations/res/202/?$rid=1&retry-after=3")
        expect(body).toBe(
            `{"operationId":"${operationId}","status":"assigning",` +
                `"registrationState":{"registrationId":"d","status":"assigning"}}`
        )
    })

    test("of a poll after the assignment", () => {
        const world = newCloud({ hubs: [{ hostName: HUB }] })
        const client = dpsClient(world, "d")
        const operationId = registered(world, client)
        expect(ask(client, poll(operationId)).body).toMatch(
            new RegExp(
                `^{"operationId":"${operationId}","status":"assigned","registrationState":{"registrationId":"d",` +
                    `"createdDateTimeUtc":"${TIME}","assignedHub":"${HUB}","deviceId":"d","status":"assigned",` +
                    `"substatus":"initialAssignment","lastUpdatedDateTimeUtc":"${TIME}","etag":"[A-Za-z0-9+/]+=*"}}$`
            )
        )
    })

    test("of a failed operation has status 200, a code and a message", () => {
        const world = newCloud()
        const group = { enrollmentGroupId: "g", primaryKey: GROUP_KEY }
        world.cloud.dps.enrollments.putGroup({ ...group, iotHubs: ["gone.azure-devices.net"] })
        const client = dpsClient(world, "d")
        const { topic, body } = ask(client, poll(registered(world, client)))
        expect(topic).toBe("$dps/registrations/res/200/?$rid=1")
        expect(JSON.parse(body)).toMatchObject({
            status: "failed",
            registrationState: { status: "failed", errorCode: 400208, errorMessage: expect.any(String) },
        })
    })

    test.each([["{"], ["[]"], ['{"registrationId":"e"}']])(
        "of a register that cannot be read: 400: %j",
        body => {
            const world = newCloud()
            expect(ask(dpsClient(world, "d"), REGISTER, body).topic).toContain("/res/400/")
            world.clock.advance(10_000)
            expect(world.cloud.dps.registration("d")).toBeUndefined()
        }
    )

    test.each([[""], [" "], ['{"registrationId":"D"}'], ['{"payload":null,"registrationId":"d"}']])(
        "of requests that SDKs send: %j",
        body => {
            const world = newCloud()
            const client = dpsClient(world, "d")
            expect(ask(client, REGISTER, body).topic).toContain("/res/202/")
            expect(ask(client, poll(registered(world, client)), body).topic).toContain("/res/200/")
        }
    )

    test("of a poll request is ignored", () => {
        const world = newCloud()
        const client = dpsClient(world, "d")
        expect(ask(client, poll(registered(world, client)), "{").topic).toContain("/res/200/")
    })
})
