// Registrations with Microsoft's provisioning client.
import { deriveDeviceKey } from "@moorage/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
    failNext,
    GROUP_KEY,
    GROUP_KEY_2,
    HUBS,
    titled,
    PROVISIONING_TRANSPORTS,
    register,
    type RegisterOptions,
    type RunningCloud,
    startCloud,
} from "./sdk.js"

const WRONG_KEY = Buffer.alloc(32, 1).toString("base64")
const KEYS = [2, 5].map(byte => Buffer.alloc(32, byte).toString("base64"))
let running: RunningCloud

beforeAll(async () => {
    running = await startCloud()
})
afterAll(() => running.close())

/** Creates an individual enrollment with two keys. */
function enroll(registrationId: string, rest: object = {}): void {
    const [primaryKey, secondaryKey] = KEYS
    running.cloud.dps.enrollments.putIndividual({ registrationId, primaryKey, secondaryKey, ...rest })
}

const UNAUTHORIZED = { name: "UnauthorizedError" }

describe.concurrent.each(titled(PROVISIONING_TRANSPORTS))(
    "azure-iot-provisioning-device / %s",
    (_, transport) => {
        /** Returns a registration ID of this transport, because the transports run concurrently. */
        const own = (name: string) => `${name}-${PROVISIONING_TRANSPORTS.indexOf(transport)}`
        const registers = (id: string, options: RegisterOptions = {}) =>
            register(running, id, { transport, ...options })

        test("register, enrollment group, primary key", async () => {
            const id = own("group-1")
            const result = await registers(id)
            expect(result).toMatchObject({
                status: "assigned",
                substatus: "initialAssignment",
                registrationId: id,
                deviceId: id,
            })
            expect(HUBS).toContain(result.assignedHub)
            expect(running.cloud.hub(result.assignedHub).device(id)).toBeDefined()
            expect(running.cloud.counters(id).registrations).toBe(1)
        })

        test("register, enrollment group, secondary key", async () => {
            const id = own("group-2")
            expect((await registers(id, { key: deriveDeviceKey(GROUP_KEY_2, id) })).status).toBe("assigned")
        })

        test.each([
            ["primary", KEYS[0]],
            ["secondary", KEYS[1]],
        ])("register, individual enrollment with a device ID, %s key", async (name, key) => {
            const id = own(`individual-${name}`)
            enroll(id, { deviceId: `Device-${name}`, allocationPolicy: "static", iotHubs: [HUBS[1]] })
            const result = await registers(id, { key })
            expect(result).toMatchObject({ deviceId: `Device-${name}`, assignedHub: HUBS[1] })
        })

        test("register again: same hub and same substatus", async () => {
            const id = own("again")
            const first = await registers(id)
            const second = await registers(id)
            expect(second.assignedHub).toBe(first.assignedHub)
            expect(second.substatus).toBe("initialAssignment")
            expect(second.createdDateTimeUtc).toBe(first.createdDateTimeUtc)
        })

        test("register with a payload, no custom allocation: no payload in the answer", async () => {
            const result = await registers(own("payload"), { payload: { modelId: "dtmi:moorage:board;1" } })
            expect(result.status).toBe("assigned")
            expect(result.payload).toBeUndefined()
        })

        test("register, disabled individual enrollment: not assigned, status disabled", async () => {
            const id = own("disabled")
            enroll(id, { provisioningStatus: "disabled" })
            await expect(registers(id, { key: KEYS[0] })).rejects.toThrow("status is disabled")
        })

        test("register, disabled enrollment group: not assigned, status disabled", async () => {
            const primaryKey = Buffer.alloc(64, 6 + PROVISIONING_TRANSPORTS.indexOf(transport)).toString(
                "base64"
            )
            const enrollmentGroupId = own("off")
            running.cloud.dps.enrollments.putGroup({
                enrollmentGroupId,
                primaryKey,
                provisioningStatus: "disabled",
            })
            const id = own("disabled-group")
            await expect(registers(id, { key: deriveDeviceKey(primaryKey, id) })).rejects.toThrow(
                "status is disabled"
            )
        })

        test("register with a wrong key: UnauthorizedError", async () => {
            await expect(registers(own("wrong"), { key: WRONG_KEY })).rejects.toMatchObject(UNAUTHORIZED)
        })

        test("register with the enrollment group's own key: UnauthorizedError", async () => {
            await expect(registers(own("group-key"), { key: GROUP_KEY })).rejects.toMatchObject(UNAUTHORIZED)
        })

        test("register with a wrong ID scope: refused", async () => {
            const id = own("scope")
            const refused = await registers(id, { idScope: "0ne00NOSUCH" }).catch((error: Error) => error)
            expect(refused).toBeInstanceOf(Error)
            expect(running.cloud.counters(id).registrations).toBe(0)
            const connack = running.cloud.history.find(event => event.kind === "connack" && event.id === id)
            // Over MQTT the code is that of an unavailable service (protocol-facts.md, 1.7).
            if (transport.retries) expect(connack?.status).toBe(3)
            else expect(refused).toMatchObject(UNAUTHORIZED)
        })

        test("register, allocation fails: ProvisioningRegistrationFailedError with DPS's code", async () => {
            const id = own("failed")
            enroll(id, { allocationPolicy: "custom" })
            await expect(registers(id, { key: KEYS[0] })).rejects.toMatchObject({
                name: "ProvisioningRegistrationFailedError",
                result: { registrationState: { status: "failed", errorCode: 400207 } },
            })
        })

        describe.each([
            ["register", 429, "ThrottlingError"],
            ["register", 503, "ServiceUnavailableError"],
            ["register", 500, "InternalServerError"],
            ["poll", 429, "ThrottlingError"],
            ["poll", 503, "ServiceUnavailableError"],
        ] as const)("%s", (kind, status, name) => {
            const then = transport.retries
                ? "the SDK tries again"
                : `${name} from the SDK, the caller tries again`
            test(`answered ${status} with retry-after: ${then}, success`, async () => {
                const id = own(`${kind}-${status}`)
                failNext(running, { kind, id }, { status, retryAfterSec: 1 })
                if (!transport.retries) await expect(registers(id)).rejects.toMatchObject({ name })
                expect((await registers(id)).status).toBe("assigned")
                const again = kind === "register" || !transport.retries ? 2 : 1
                expect(running.cloud.counters(id).registrations).toBe(again)
            })
        })

        // Over MQTT the SDK throws from its own event handler (mqtt.js:133, "callback is not a function").
        test.skipIf(transport.retries)(
            "register, the connection breaks: an error; then success",
            async () => {
                const id = own("broken")
                failNext(running, { kind: "register", id }, { close: true })
                await expect(registers(id)).rejects.toThrow()
                expect((await registers(id)).status).toBe("assigned")
            }
        )
    }
)
