import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { HUBS, register, type Running, startCloud } from "./sdk.js"

let running: Running

beforeAll(async () => {
    running = await startCloud()
})
afterAll(() => running.close())

describe("azure-iot-provisioning-device over MQTT", () => {
    test("registers and is assigned a hub", async () => {
        const result = await register(running, "sdk-1")
        expect(result.status).toBe("assigned")
        expect(result.deviceId).toBe("sdk-1")
        expect(HUBS).toContain(result.assignedHub)
        expect(running.cloud.counters("sdk-1").registrations).toBe(1)
    })

    test("registers again and is given the same hub", async () => {
        const first = await register(running, "sdk-2")
        const second = await register(running, "sdk-2")
        expect(second.assignedHub).toBe(first.assignedHub)
    })

    test("with a wrong key is refused, 401", async () => {
        const wrong = Buffer.alloc(32, 1).toString("base64")
        await expect(register(running, "sdk-3", wrong)).rejects.toMatchObject({ name: "UnauthorizedError" })
    })

    test("of a disabled enrollment is not assigned", async () => {
        const primaryKey = Buffer.alloc(32, 2).toString("base64")
        running.cloud.dps.enrollments.putIndividual({
            registrationId: "sdk-4",
            primaryKey,
            provisioningStatus: "disabled",
        })
        await expect(register(running, "sdk-4", primaryKey)).rejects.toThrow()
    })

    test("throttled with 429 tries again and succeeds", async () => {
        let left = 1
        running.cloud.faults = point =>
            point.kind === "register" && point.id === "sdk-5" && left-- > 0
                ? { status: 429, retryAfterSec: 1 }
                : undefined
        const result = await register(running, "sdk-5")
        running.cloud.faults = undefined
        expect(result.status).toBe("assigned")
        expect(running.cloud.counters("sdk-5").registrations).toBe(2)
    })
})
