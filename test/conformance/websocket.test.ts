// The SDKs put `:443/$iothub/websocket` behind the host name; an agent takes that to the emulator's port.
import { Agent } from "node:https"
import { deriveDeviceKey } from "@moorage/emulator"
import { Client, Message } from "azure-iot-device"
import { MqttWs as DeviceMqttWs } from "azure-iot-device-mqtt"
import { MqttBase } from "azure-iot-mqtt-base"
import { ProvisioningDeviceClient, type RegistrationResult } from "azure-iot-provisioning-device"
import { MqttWs as ProvisioningMqttWs } from "azure-iot-provisioning-device-mqtt"
import { SymmetricKeySecurityClient } from "azure-iot-security-symmetric-key"
import { afterAll, beforeAll, expect, test } from "vitest"
import { GROUP_KEY, HUBS, ID_SCOPE, type Running, startCloud } from "./sdk.js"

const DPS_HOST = "global.azure-devices-provisioning.net"
let running: Running

beforeAll(async () => {
    running = await startCloud()
})
afterAll(() => running.close())

function agent(): Agent {
    const { ca, httpsPort } = running.servers
    return new Agent({ host: "127.0.0.1", port: httpsPort, ca })
}

async function registerOverWebSocket(
    registrationId: string,
    key = deriveDeviceKey(GROUP_KEY, registrationId)
): Promise<RegistrationResult | void> {
    const base = new MqttBase()
    base.setOptions({ mqtt: { webSocketAgent: agent() } } as never)
    const transport = new ProvisioningMqttWs(base as never)
    const security = new SymmetricKeySecurityClient(registrationId, key) as never
    return ProvisioningDeviceClient.create(DPS_HOST, ID_SCOPE, transport, security).register()
}

async function connectOverWebSocket(hub: string, deviceId: string): Promise<Client> {
    const key = deriveDeviceKey(GROUP_KEY, deviceId)
    const client = Client.fromConnectionString(
        `HostName=${hub};DeviceId=${deviceId};SharedAccessKey=${key}`,
        DeviceMqttWs
    )
    await client.setOptions({ mqtt: { webSocketAgent: agent() } })
    await client.open()
    return client
}

test("azure-iot-provisioning-device registers over WebSocket", async () => {
    const result = await registerOverWebSocket("ws-1")
    expect(result?.status).toBe("assigned")
    expect(HUBS).toContain(result?.assignedHub)
    expect(running.cloud.counters("ws-1").registrations).toBe(1)
})

test("azure-iot-provisioning-device with a wrong key is refused over WebSocket, 401", async () => {
    const wrong = Buffer.alloc(32, 1).toString("base64")
    await expect(registerOverWebSocket("ws-2", wrong)).rejects.toMatchObject({ name: "UnauthorizedError" })
})

test("azure-iot-device sends telemetry and answers a direct method over WebSocket", async () => {
    const assignedHub = (await registerOverWebSocket("ws-3"))?.assignedHub ?? ""
    const hub = running.cloud.hub(assignedHub)
    const client = await connectOverWebSocket(assignedHub, "ws-3")
    const body = "x".repeat(100_000)
    await client.sendEvent(new Message(body))
    const telemetry = running.cloud.history.filter(e => e.kind === "telemetry" && e.id === "ws-3")
    expect(telemetry.map(event => event.body)).toEqual([body])
    client.onDeviceMethod("add", (request, response) => {
        void response.send(200, { sum: request.payload.a + request.payload.b })
    })
    await expect
        .poll(() => hub.invokeMethod("ws-3", "add", { a: 2, b: 3 }).catch(() => undefined))
        .toEqual({ status: 200, payload: { sum: 5 } })
    await client.close()
})

test("azure-iot-device of a disabled device is refused over WebSocket", async () => {
    const assignedHub = (await registerOverWebSocket("ws-4"))?.assignedHub ?? ""
    running.cloud.hub(assignedHub).setEnabled("ws-4", false)
    await expect(connectOverWebSocket(assignedHub, "ws-4")).rejects.toMatchObject({
        name: "UnauthorizedError",
    })
})
