// Allocation by latency and by a webhook (Microsoft, "Understand custom allocation policies").
import { describe, expect, test } from "vitest"
import { parseSasToken } from "../../../../tools/emulator/auth/sas-verification.js"
import { allocate, type LatencyRow } from "../../../../tools/emulator/dps/allocation.js"
import type { EnrollmentGroup } from "../../../../tools/emulator/index.js"
import { deriveDeviceKey, makeSasToken } from "@moorage/protocol"
import {
    GROUP_KEY,
    HUB,
    inOneHourSec,
    newCloud,
    SCOPE,
    type CloudWorld,
} from "../../../helpers/raw-client.js"

const OTHER_HUB = "two.azure-devices.net"
const HUBS = [HUB, OTHER_HUB]
const NEVER = { updateHubAssignment: false, migrateDeviceData: false }
const RESET = { updateHubAssignment: true, migrateDeviceData: false }

describe("geoLatency", () => {
    const table: LatencyRow[] = [
        { devices: "eu-*", latencyMs: { [HUB]: 90, [OTHER_HUB]: 20 } },
        { devices: "*.lab", latencyMs: { [HUB]: 1, [OTHER_HUB]: 2 } },
        { devices: "far", latencyMs: {} },
    ]
    const hubOf = (id: string, hubs = HUBS) =>
        allocate("geoLatency", { registrationId: id, hubs, latencies: table })

    test("selects the hub with the lowest latency in the first matching row", () => {
        expect(hubOf("eu-1")).toBe(OTHER_HUB)
        expect(hubOf("eu-1.lab")).toBe(OTHER_HUB)
        expect(hubOf("us-1.lab")).toBe(HUB)
    })

    test("does not treat a dot in a row as a wildcard", () => {
        const device = { registrationId: "axb", hubs: HUBS }
        const latencies = [{ devices: "a.b", latencyMs: { [HUB]: 1 } }]
        expect(allocate("geoLatency", { ...device, latencies })).toBe(
            allocate("hashed", { ...device, latencies: [] })
        )
    })

    test("selects only hubs of the enrollment", () => {
        expect(hubOf("eu-1", [HUB])).toBe(HUB)
    })

    test.each([["far"], ["nowhere"]])("without a latency for %s uses the hash", id => {
        expect(hubOf(id)).toBe(allocate("hashed", { registrationId: id, hubs: HUBS, latencies: table }))
    })
})

/** Returns a cloud whose webhook returns `answer()`, and the requests to the webhook. */
function withWebhook(answer: () => { status: number; body: string }) {
    const sent: { url: string; body: Record<string, unknown> }[] = []
    const world = newCloud({
        callWebhook: async (url, body) => {
            sent.push({ url, body: JSON.parse(body) as Record<string, unknown> })
            return answer()
        },
    })
    return { world, sent }
}

const URL = "https://example.com/api/allocate"

function putGroup(world: CloudWorld, change: Partial<EnrollmentGroup> = {}): void {
    world.cloud.dps.enrollments.putGroup({
        enrollmentGroupId: "g",
        primaryKey: GROUP_KEY,
        allocationPolicy: "custom",
        customAllocationDefinition: { webhookUrl: URL, apiVersion: "2021-10-01" },
        ...change,
    })
}

/** Registers device `d`. @returns the outcome after the answer of the webhook */
async function register(world: CloudWorld, body = "") {
    const { dps } = world.cloud
    const token = makeSasToken(
        deriveDeviceKey(GROUP_KEY, "d"),
        `${SCOPE}/registrations/d`,
        inOneHourSec(world)
    )
    const caller = { registrationId: "d", token: parseSasToken(token) }
    const { operationId } = JSON.parse(dps.register(caller, body).body) as { operationId: string }
    world.clock.advance(2000)
    await new Promise(resolve => setImmediate(resolve))
    return JSON.parse(dps.poll(caller, operationId).body) as {
        status: string
        registrationState: Record<string, unknown>
    }
}

const choose = (hub: string, more: object = {}) => ({
    status: 200,
    body: JSON.stringify({ iotHubHostName: hub, ...more }),
})

describe("custom allocation", () => {
    test("posts the documented request, without any key", async () => {
        const { world, sent } = withWebhook(() => choose(OTHER_HUB))
        putGroup(world)
        await register(world, '{"registrationId":"d","payload":{"model":7}}')
        expect(sent).toHaveLength(1)
        expect(sent[0].url).toBe(URL)
        expect(sent[0].body).toMatchObject({
            enrollmentGroup: { enrollmentGroupId: "g", allocationPolicy: "custom" },
            deviceRuntimeContext: { registrationId: "d", symmetricKey: {}, payload: { model: 7 } },
            linkedHubs: HUBS,
        })
        expect(sent[0].body.deviceRuntimeContext).not.toHaveProperty("currentIotHubHostName")
        expect(JSON.stringify(sent)).not.toContain(GROUP_KEY)
    })

    test("assigns the hub that the webhook names, with its payload and initial twin", async () => {
        const initialTwin = { tags: { kind: "toaster" }, properties: { desired: { dark: true } } }
        const { world } = withWebhook(() => choose(OTHER_HUB, { initialTwin, payload: { welcome: 1 } }))
        putGroup(world, { initialTwin: { tags: { kind: "none" } } })
        const { status, registrationState } = await register(world)
        expect(status).toBe("assigned")
        expect(registrationState).toMatchObject({ assignedHub: OTHER_HUB, payload: { welcome: 1 } })
        const twin = world.cloud.hub(OTHER_HUB).device("d")?.twin
        expect(twin?.tags.properties).toEqual({ kind: "toaster" })
        expect(twin?.desired.properties).toEqual({ dark: true })
    })

    test("sends the present assignment to the webhook, and follows its new decision", async () => {
        let hub = HUB
        const { world, sent } = withWebhook(() => choose(hub))
        putGroup(world, { reprovisionPolicy: RESET })
        await register(world)
        hub = OTHER_HUB
        expect((await register(world)).registrationState).toMatchObject({
            assignedHub: OTHER_HUB,
            substatus: "deviceDataReset",
        })
        expect(sent[1].body.deviceRuntimeContext).toMatchObject({
            currentIotHubHostName: HUB,
            currentDeviceId: "d",
        })
    })

    test("with the policy never offers only the present hub", async () => {
        const { world, sent } = withWebhook(() => choose(HUB))
        putGroup(world, { reprovisionPolicy: NEVER })
        await register(world)
        await register(world)
        expect(sent.map(({ body }) => body.linkedHubs)).toEqual([HUBS, [HUB]])
    })

    test("fails with 400207 and the message of the service if the webhook answers 400", async () => {
        const { world } = withWebhook(() => ({ status: 400, body: "no" }))
        putGroup(world)
        expect(await register(world)).toMatchObject({
            status: "failed",
            registrationState: {
                status: "failed",
                errorCode: 400207,
                errorMessage: "Custom allocation failed with status code: 400",
            },
        })
        expect(world.cloud.hub(HUB).device("d")).toBeUndefined()
    })

    test.each([
        ["a hub that is not linked", () => choose("other.azure-devices.net")],
        ["an answer without a hub", () => ({ status: 200, body: "{}" })],
        ["an answer that is not JSON", () => ({ status: 200, body: "<html>" })],
    ])("answered with %s is failed with 400207", async (_what, answer) => {
        const { world } = withWebhook(answer)
        putGroup(world)
        const { registrationState } = await register(world)
        expect(registrationState).toMatchObject({ status: "failed", errorCode: 400207 })
    })

    test("fails without an answer, and an assigned device keeps its assignment", async () => {
        let up = true
        const { world } = withWebhook(() => {
            if (!up) throw new Error("connection refused")
            return choose(HUB)
        })
        putGroup(world)
        await register(world)
        up = false
        expect((await register(world)).registrationState).toMatchObject({
            status: "failed",
            errorCode: 400207,
        })
        expect(world.cloud.dps.registration("d")).toMatchObject({ status: "assigned", assignedHub: HUB })
    })
})

describe("the substatus", () => {
    test("of a device that returns to an earlier hub is reprovisionedToInitialAssignment", async () => {
        const world = newCloud()
        const at = (hub: string) =>
            putGroup(world, { allocationPolicy: "static", iotHubs: [hub], reprovisionPolicy: RESET })
        const substatuses: unknown[] = []
        for (const hub of [HUB, OTHER_HUB, HUB, HUB]) {
            at(hub)
            substatuses.push((await register(world)).registrationState.substatus)
        }
        expect(substatuses).toEqual([
            "initialAssignment",
            "deviceDataReset",
            "reprovisionedToInitialAssignment",
            "reprovisionedToInitialAssignment",
        ])
    })
})

describe("a device that moves", () => {
    test.each([
        ["keeps its twin if data is migrated", true, { seen: 1 }, { wanted: 2 }],
        ["gets the enrollment's twin if data is reset", false, {}, { fresh: true }],
    ])("%s", async (_name, migrateDeviceData, reported, desired) => {
        const world = newCloud()
        const put = (hub: string) =>
            putGroup(world, {
                allocationPolicy: "static",
                iotHubs: [hub],
                reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData },
                initialTwin: { properties: { desired: { fresh: true } } },
            })
        put(HUB)
        await register(world)
        const from = world.cloud.hub(HUB)
        from.patchDesired("d", { wanted: 2, fresh: null })
        const device = from.device("d")
        if (!device) throw new Error("not registered")
        from.report(device, '{"seen":1}')
        put(OTHER_HUB)
        await register(world)
        const twin = world.cloud.hub(OTHER_HUB).device("d")?.twin
        expect(twin?.reported.properties).toEqual(reported)
        expect(twin?.desired.properties).toEqual(desired)
        expect(from.device("d")).toBeUndefined()
    })
})
