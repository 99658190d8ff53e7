// The admin API over a socket.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Emulator, startEmulator } from "../../../../tools/emulator/index.js"

const KEY = Buffer.alloc(64, 1).toString("base64")
let emulator: Emulator
let hub: string

beforeAll(async () => {
    emulator = await startEmulator({
        adminPort: 0,
        enrollmentGroups: [{ enrollmentGroupId: "g", primaryKey: KEY }],
        enrollments: [{ registrationId: "own", primaryKey: KEY }],
    })
    ;[hub] = emulator.cloud.hubNames()
    emulator.cloud.hub(hub).putDevice("d", [KEY])
})
afterAll(() => emulator.close())

async function call(route: string, body?: unknown) {
    const [method, path] = route.split(" ")
    const text = typeof body === "string" ? body : JSON.stringify(body)
    const response = await fetch(`http://127.0.0.1:${emulator.adminPort}${path}`, { method, body: text })
    return { status: response.status, json: (await response.json()) as Record<string, unknown> }
}

describe("faults", () => {
    test("are added, listed and removed", async () => {
        const rule = { on: "register", share: 0.5, fault: { status: 503, retryAfterSec: 3 } }
        const { json } = await call("POST /faults", rule)
        expect((await call("GET /faults")).json).toMatchObject([{ ...rule, ...json, affectedRequests: 0 }])
        expect((await call(`DELETE /faults/${String(json.ruleId)}`)).status).toBe(200)
        expect((await call(`DELETE /faults/${String(json.ruleId)}`)).status).toBe(404)
        await call("POST /faults", rule)
        await call("DELETE /faults")
        expect((await call("GET /faults")).json).toEqual([])
    })

    test.each([
        ["no fault", {}, /^fault: /],
        ["a fault without an effect", { fault: {} }, /^fault: must have at least one effect/],
        ["a status below 400", { fault: { status: 200 } }, /^fault\.status: /],
        ["a share over 1", { share: 2, fault: { mute: true } }, /^share: /],
        ["an unknown field", { share: 1, fault: { mute: true }, when: 1 }, /^when: /],
        ["an unknown kind", { on: "ping", fault: { mute: true } }, /^on: /],
        ["a body that is not JSON", "{", /not valid JSON/],
    ])("with %s are 400, and say where", async (_what, body, message) => {
        const { status, json } = await call("POST /faults", body)
        expect(status).toBe(400)
        expect(json.error).toMatch(message)
        expect(emulator.cloud.faultRules.list()).toEqual([])
    })
})

describe("hubs", () => {
    test("become unavailable, become available, and fail over", async () => {
        await call(`POST /hubs/${hub}/down`)
        expect(emulator.cloud.hub(hub).isAvailable).toBe(false)
        await call(`POST /hubs/${hub}/up`)
        expect(emulator.cloud.hub(hub).isAvailable).toBe(true)
        expect((await call(`POST /hubs/${hub}/failover`, { forSec: 0.05 })).status).toBe(200)
        expect(emulator.cloud.hub(hub).isAvailable).toBe(false)
        await expect.poll(() => emulator.cloud.hub(hub).isAvailable).toBe(true)
        expect((await call(`POST /hubs/${hub}/failover`)).json.error).toMatch(/^forSec: /)
    })

    test("get 404 with the list of hubs if the name is unknown", async () => {
        const { status, json } = await call("POST /hubs/none/down")
        expect(status).toBe(404)
        expect(json.error).toContain(hub)
    })

    test("disable and enable a device, and rotate its key", async () => {
        const device = () => emulator.cloud.hub(hub).device("d")
        await call(`POST /hubs/${hub}/devices/d/disable`)
        expect(device()?.enabled).toBe(false)
        await call(`POST /hubs/${hub}/devices/d/enable`)
        expect(device()?.enabled).toBe(true)
        const { json } = await call(`POST /hubs/${hub}/devices/d/rotate`, { which: "secondary" })
        expect(device()?.keys).toEqual([KEY, json.key])
        expect((await call(`POST /hubs/${hub}/devices/d/disconnect`)).status).toBe(200)
        expect((await call(`POST /hubs/${hub}/devices/none/disable`)).status).toBe(404)
    })
})

test.each([["enrollmentGroups/g"], ["enrollments/own"]])(
    "%s is rotated, disabled and enabled",
    async path => {
        const { enrollments } = emulator.cloud.dps
        const now = () => (path.endsWith("/g") ? enrollments.group("g") : enrollments.individual("own"))
        const { json } = await call(`POST /${path}/rotate`)
        expect(json.key).not.toBe(KEY)
        expect(now()).toMatchObject({ primaryKey: json.key })
        await call(`POST /${path}/disable`)
        expect(now()?.provisioningStatus).toBe("disabled")
        await call(`POST /${path}/enable`)
        expect(now()?.provisioningStatus).toBe("enabled")
    }
)

test("the clock and the quotas can be set", async () => {
    await call("POST /clock", { skewSec: -600 })
    expect(emulator.cloud.clock.skewMs).toBe(-600_000)
    await call("POST /clock", { skewSec: 0 })
    expect(
        (await call("POST /quotas", { hubConnects: { calls: 1, perSec: 1 }, hubDailyMessages: null })).status
    ).toBe(200)
    expect((await call("POST /quotas", { hubConnects: 5 })).json.error).toMatch(/^hubConnects: /)
})

test("the state and the events contain no keys", async () => {
    const { json } = await call("GET /state")
    expect(json).toMatchObject({
        idScope: "0ne00EMULAT",
        hubs: [{ hostName: hub, up: true, devices: 1, connected: 0 }, { devices: 0 }],
        registrations: 0,
        clockSkewSec: 0,
    })
    expect(JSON.stringify(json)).not.toContain(KEY)
    expect((await call("GET /events?since=0")).json).toEqual([])
})

test("an unknown route gets 404 with the list of routes", async () => {
    const { status, json } = await call("POST /nothing")
    expect(status).toBe(404)
    expect(json.error).toContain("POST /faults")
})

test("a body that is too large is refused", async () => {
    expect((await call("POST /faults", "x".repeat(70_000))).status).toBe(413)
})
