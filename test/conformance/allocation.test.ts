// The allocation of a hub: by a webhook with payloads, by policy, and again after a change of hubs.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { HUBS, titled, PROVISIONING_TRANSPORTS, register, type RunningCloud, startCloud } from "./sdk.js"
import { startWebhook, type Webhook } from "./webhook.js"

const [EAST, WEST] = HUBS
const KEY = Buffer.alloc(32, 2).toString("base64")
let running: RunningCloud
let webhook: Webhook

beforeAll(async () => {
    running = await startCloud({ latencies: [{ devices: "geo-*", latencyMs: { [EAST]: 90, [WEST]: 12 } }] })
    webhook = await startWebhook(({ deviceRuntimeContext: { registrationId, payload } }) => {
        if (registrationId.startsWith("refused")) return { status: 400 }
        const initialTwin = { tags: { by: "webhook" }, properties: { desired: { telemetrySec: 7 } } }
        const answer = { for: registrationId, youSaid: payload ?? null }
        return { body: { iotHubHostName: WEST, initialTwin, payload: answer } }
    })
})
afterAll(async () => {
    await running.close()
    await webhook.close()
})

const MIGRATE = { updateHubAssignment: true, migrateDeviceData: true }
const RESET = { updateHubAssignment: true, migrateDeviceData: false }
const NEVER = { updateHubAssignment: false, migrateDeviceData: false }

describe.concurrent.each(titled(PROVISIONING_TRANSPORTS))(
    "azure-iot-provisioning-device / %s",
    (_, transport) => {
        const own = (name: string) => `${name}-${PROVISIONING_TRANSPORTS.indexOf(transport)}`
        const registers = (id: string, payload?: object) =>
            register(running, id, { transport, key: KEY, payload })
        const enroll = (registrationId: string, rest: object) =>
            running.cloud.dps.enrollments.putIndividual({ registrationId, primaryKey: KEY, ...rest })
        const enrollCustom = (id: string) => {
            const customAllocationDefinition = { webhookUrl: webhook.url, apiVersion: "2021-10-01" }
            enroll(id, { allocationPolicy: "custom", customAllocationDefinition })
        }
        /** Registers on one hub, changes the hub of the enrollment, and registers again. */
        const moveWith = async (id: string, reprovisionPolicy: object) => {
            enroll(id, { iotHubs: [EAST], reprovisionPolicy })
            const first = await registers(id)
            running.cloud.hub(EAST).patchDesired(id, { marker: true })
            enroll(id, { iotHubs: [WEST], reprovisionPolicy })
            return { first, second: await registers(id) }
        }
        const desired = (hub: string, id: string) =>
            running.cloud.hub(hub).device(id)?.twin.desired.properties

        test("register with a payload, custom allocation: the webhook receives it and returns its own payload", async () => {
            const id = own("custom")
            enrollCustom(id)
            const result = await registers(id, { model: "quay" })
            expect(result).toMatchObject({ status: "assigned", assignedHub: WEST })
            expect(result.payload).toEqual({ for: id, youSaid: { model: "quay" } })
            const [asked] = webhook.requestsFor(id)
            expect(asked.deviceRuntimeContext.payload).toEqual({ model: "quay" })
            expect(asked.individualEnrollment?.registrationId).toBe(id)
            expect([...asked.linkedHubs].sort()).toEqual(HUBS)
            expect(desired(WEST, id)).toEqual({ telemetrySec: 7 })
        })

        test("register without a payload, custom allocation: the webhook receives none", async () => {
            const id = own("silent")
            enrollCustom(id)
            expect((await registers(id)).payload).toEqual({ for: id, youSaid: null })
            expect(webhook.requestsFor(id)[0].deviceRuntimeContext).not.toHaveProperty("payload")
        })

        test("register, the webhook answers 400: failed, 400207", async () => {
            const id = own("refused")
            enrollCustom(id)
            await expect(registers(id)).rejects.toMatchObject({
                name: "ProvisioningRegistrationFailedError",
                result: {
                    registrationState: {
                        errorCode: 400207,
                        errorMessage: "Custom allocation failed with status code: 400",
                    },
                },
            })
        })

        test("register, static and geoLatency allocation: the first hub, the nearest hub", async () => {
            enroll(own("static"), { allocationPolicy: "static", iotHubs: [WEST, EAST] })
            enroll(own("geo"), { allocationPolicy: "geoLatency" })
            const results = await Promise.all([registers(own("static")), registers(own("geo"))])
            expect(results.map(result => result.assignedHub)).toEqual([WEST, WEST])
        })

        test("register again, hub changed, policy migrate: moves with its data, then back", async () => {
            const id = own("migrate")
            const { second } = await moveWith(id, MIGRATE)
            expect(second).toMatchObject({ assignedHub: WEST, substatus: "deviceDataMigrated" })
            expect(desired(WEST, id)).toEqual({ marker: true })
            expect(running.cloud.hub(EAST).device(id)).toBeUndefined()
            enroll(id, { iotHubs: [EAST], reprovisionPolicy: MIGRATE })
            expect(await registers(id)).toMatchObject({
                assignedHub: EAST,
                substatus: "reprovisionedToInitialAssignment",
            })
        })

        test("register again, hub changed, policy reset: moves without its data", async () => {
            const id = own("reset")
            const { second } = await moveWith(id, RESET)
            expect(second).toMatchObject({ assignedHub: WEST, substatus: "deviceDataReset" })
            expect(desired(WEST, id)).toEqual({})
            expect(running.cloud.hub(EAST).device(id)).toBeUndefined()
        })

        test("register again, hub changed, policy never: keeps its hub", async () => {
            const id = own("never")
            const { first, second } = await moveWith(id, NEVER)
            expect(second).toMatchObject({ assignedHub: EAST, substatus: first.substatus })
            expect(desired(EAST, id)).toEqual({ marker: true })
            expect(running.cloud.hub(WEST).device(id)).toBeUndefined()
        })
    }
)
