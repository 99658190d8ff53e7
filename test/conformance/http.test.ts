// `azure-iot-provisioning-device-http` knows a host and no port (`host:port` is looked up as a name): an agent
// takes its requests to the emulator's port, and the Host header stays the name of DPS.
import { Agent } from "node:https"
import { deriveDeviceKey } from "@moorage/emulator"
import { Http as HttpBase } from "azure-iot-http-base"
import { ProvisioningDeviceClient, type RegistrationResult } from "azure-iot-provisioning-device"
import { Http } from "azure-iot-provisioning-device-http"
import { SymmetricKeySecurityClient } from "azure-iot-security-symmetric-key"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { GROUP_KEY, HUBS, ID_SCOPE, type Running, startCloud } from "./sdk.js"

let running: Running

beforeAll(async () => {
    running = await startCloud()
})
afterAll(() => running.close())

async function registerOverHttp(
    registrationId: string,
    key = deriveDeviceKey(GROUP_KEY, registrationId)
): Promise<RegistrationResult | void> {
    const { ca, httpsPort } = running.servers
    const base = new HttpBase()
    base.setOptions({ http: { agent: new Agent({ host: "127.0.0.1", port: httpsPort, ca }) } })
    const security = new SymmetricKeySecurityClient(registrationId, key) as never
    const client = ProvisioningDeviceClient.create(
        "global.azure-devices-provisioning.net",
        ID_SCOPE,
        new Http(base as never) as never,
        security
    )
    return client.register()
}

describe("azure-iot-provisioning-device over HTTP", () => {
    test("registers and is assigned a hub", async () => {
        const result = await registerOverHttp("http-1")
        expect(result?.status).toBe("assigned")
        expect(HUBS).toContain(result?.assignedHub)
        expect(running.cloud.counters("http-1").registrations).toBe(1)
    })

    test("with a wrong key is refused, 401", async () => {
        const wrong = Buffer.alloc(32, 1).toString("base64")
        await expect(registerOverHttp("http-2", wrong)).rejects.toMatchObject({ name: "UnauthorizedError" })
    })
})
