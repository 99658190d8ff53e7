// Microsoft's own clients, pointed at the emulator on this machine and told to trust its CA; nothing else
// about them is changed.
import { Cloud, deriveDeviceKey, listen } from "@moorage/emulator"
import { realClock, realRandom } from "@moorage/time"
import { Client, type Message } from "azure-iot-device"
import { Mqtt as DeviceMqtt } from "azure-iot-device-mqtt"
import { MqttBase } from "azure-iot-mqtt-base"
import { ProvisioningDeviceClient, type RegistrationResult } from "azure-iot-provisioning-device"
import { Mqtt as ProvisioningMqtt } from "azure-iot-provisioning-device-mqtt"
import { SymmetricKeySecurityClient } from "azure-iot-security-symmetric-key"

export const ID_SCOPE = "0ne00AZURE1"
export const GROUP_KEY = Buffer.alloc(64, 3).toString("base64")
export const HUBS = ["sdk-east.azure-devices.net", "sdk-west.azure-devices.net"]

export type { Message }

/** The emulator on real TLS sockets. */
export async function startCloud() {
    const cloud = new Cloud({
        clock: realClock,
        random: realRandom,
        idScope: ID_SCOPE,
        hubs: HUBS.map(hostName => ({ hostName })),
        enrollmentGroups: [{ enrollmentGroupId: "sdk", primaryKey: GROUP_KEY }],
        assigningMs: 100,
        retryAfterSec: 1,
    })
    const servers = await listen(cloud)
    return { cloud, servers, close: () => servers.close() }
}

export type Running = Awaited<ReturnType<typeof startCloud>>

/** Registers with `azure-iot-provisioning-device` over its MQTT transport. */
export async function register(
    { servers }: Running,
    registrationId: string,
    key = deriveDeviceKey(GROUP_KEY, registrationId),
    idScope = ID_SCOPE
): Promise<RegistrationResult> {
    const base = new MqttBase()
    base.setOptions({ ca: servers.ca })
    // The packages bring their own copies of the base types, which TypeScript takes for different ones.
    const transport = new ProvisioningMqtt(base as never)
    const security = new SymmetricKeySecurityClient(registrationId, key) as never
    const client = ProvisioningDeviceClient.create(
        `localhost:${servers.mqttPort}`,
        idScope,
        transport,
        security
    )
    const result = await client.register()
    if (!result) throw new Error("the SDK returned no result")
    return result
}

/** Opens `azure-iot-device` over its MQTT transport; the hub's name stays its own. */
export async function connectDevice({ servers }: Running, hub: string, deviceId: string): Promise<Client> {
    const key = deriveDeviceKey(GROUP_KEY, deviceId)
    const gateway = `localhost:${servers.mqttPort}`
    const text = `HostName=${hub};GatewayHostName=${gateway};DeviceId=${deviceId};SharedAccessKey=${key}`
    const client = Client.fromConnectionString(text, DeviceMqtt)
    await client.setOptions({ ca: servers.ca })
    await client.open()
    return client
}
