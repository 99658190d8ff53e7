// Microsoft's own device clients, pointed at the emulator on this machine and told to trust its CA; nothing else
// about them is changed. A port is what they have no option for where they speak HTTPS or WebSocket: an agent
// takes them there, and the name of the host stays the service's own.
import type { EventEmitter } from "node:events"
import { Agent } from "node:https"
import { type Emulator, type EmulatorOptions, type InjectedFault, startEmulator } from "@moorage/emulator"
import { deriveDeviceKey } from "@moorage/protocol"
import { Client, type Message } from "azure-iot-device"
import { Mqtt as DeviceMqtt, MqttWs as DeviceMqttWs } from "azure-iot-device-mqtt"
import { Http as HttpBase } from "azure-iot-http-base"
import { MqttBase } from "azure-iot-mqtt-base"
import { ProvisioningDeviceClient, type RegistrationResult } from "azure-iot-provisioning-device"
import { Http as ProvisioningHttp } from "azure-iot-provisioning-device-http"
import { Mqtt as ProvisioningMqtt, MqttWs as ProvisioningMqttWs } from "azure-iot-provisioning-device-mqtt"
import { SymmetricKeySecurityClient } from "azure-iot-security-symmetric-key"

export const ID_SCOPE = "0ne00AZURE1"
export const GROUP_KEY = Buffer.alloc(64, 3).toString("base64")
export const GROUP_KEY_2 = Buffer.alloc(64, 4).toString("base64")
export const HUBS = ["sdk-east.azure-devices.net", "sdk-west.azure-devices.net"]
export const HUB = HUBS[0]
const DPS_HOST = "global.azure-devices-provisioning.net"

export type { Message }

/** The emulator on real TLS sockets. */
export interface Running {
    cloud: Emulator["cloud"]
    servers: Emulator
    close(): Promise<void>
}

export async function startCloud(options: EmulatorOptions = {}): Promise<Running> {
    const servers = await startEmulator({
        idScope: ID_SCOPE,
        hubs: HUBS.map(hostName => ({ hostName })),
        enrollmentGroups: [{ enrollmentGroupId: "sdk", primaryKey: GROUP_KEY, secondaryKey: GROUP_KEY_2 }],
        assigningMs: 100,
        retryAfterSec: 1,
        ...options,
    })
    return { cloud: servers.cloud, servers, close: () => servers.close() }
}

/** What `describe.each` needs to put the name into a title as it is. */
export function named<T extends { name: string }>(all: T[]): [string, T][] {
    return all.map(one => [one.name, one])
}

/** For tests that are not about waiting: operations are decided at once, and may be asked for at once. */
export const AT_ONCE = { assigningMs: 0, retryAfterSec: 0 }

/** Puts a fault on the next requests of one device. */
export function failNext(
    { cloud }: Running,
    kind: "connect" | "register" | "poll",
    id: string,
    fault: InjectedFault,
    times = 1
): void {
    const others = cloud.faultOverride
    let left = times
    cloud.faultOverride = point =>
        point.kind === kind && point.id === id && left-- > 0 ? fault : others?.(point)
}

export function agentOf({ servers }: Running): Agent {
    return new Agent({ host: "127.0.0.1", port: servers.httpsPort, ca: servers.ca })
}

/** A transport of `azure-iot-provisioning-device`, and how it finds the emulator. */
export interface ProvisioningTransport {
    name: string
    /** Whether the SDK itself tries again after 429 and 5xx; over HTTPS it hands them to its caller. */
    retries: boolean
    host(running: Running): string
    create(running: Running): EventEmitter
}

// The packages bring their own copies of the base types, which TypeScript takes for different ones.
export const PROVISIONING_TRANSPORTS: ProvisioningTransport[] = [
    {
        name: "MQTT",
        retries: true,
        host: ({ servers }) => `localhost:${servers.mqttPort}`,
        create({ servers }) {
            const base = new MqttBase()
            base.setOptions({ ca: servers.ca })
            return new ProvisioningMqtt(base as never)
        },
    },
    {
        name: "MQTT over WebSocket",
        retries: true,
        host: () => DPS_HOST,
        create(running) {
            const base = new MqttBase()
            base.setOptions({ mqtt: { webSocketAgent: agentOf(running) } } as never)
            return new ProvisioningMqttWs(base as never)
        },
    },
    {
        name: "HTTPS",
        retries: false,
        host: () => DPS_HOST,
        create(running) {
            const base = new HttpBase()
            base.setOptions({ http: { agent: agentOf(running) } })
            return new ProvisioningHttp(base as never)
        },
    },
]

export interface RegisterOptions {
    /** The device's key of the group `sdk` unless given. */
    key?: string
    idScope?: string
    payload?: object
    transport?: ProvisioningTransport
}

/** Registers with `azure-iot-provisioning-device`. */
export async function register(
    running: Running,
    registrationId: string,
    options: RegisterOptions = {}
): Promise<RegistrationResult> {
    const { transport = PROVISIONING_TRANSPORTS[0], idScope = ID_SCOPE, payload } = options
    const key = options.key ?? deriveDeviceKey(GROUP_KEY, registrationId)
    const wire = transport.create(running)
    // It says there, and nowhere else, that a connection broke after the request had failed.
    wire.on("error", () => undefined)
    const client = ProvisioningDeviceClient.create(
        transport.host(running),
        idScope,
        wire as never,
        new SymmetricKeySecurityClient(registrationId, key) as never
    )
    if (payload) client.setProvisioningPayload(payload)
    const result = await client.register()
    if (!result) throw new Error("the SDK returned no result")
    return result
}

/** A transport of `azure-iot-device`. */
export interface DeviceTransport {
    name: string
    create: typeof DeviceMqtt
    /** What goes before the rest of the connection string; the hub's name stays its own. */
    gateway(running: Running): string
    options(running: Running): object
}

export const DEVICE_TRANSPORTS: DeviceTransport[] = [
    {
        name: "MQTT",
        create: DeviceMqtt,
        gateway: ({ servers }) => `GatewayHostName=localhost:${servers.mqttPort};`,
        options: ({ servers }) => ({ ca: servers.ca }),
    },
    {
        name: "MQTT over WebSocket",
        create: DeviceMqttWs,
        gateway: () => "",
        options: running => ({ mqtt: { webSocketAgent: agentOf(running) } }),
    },
]

export interface DeviceOptions {
    transport?: DeviceTransport
    /** The device's key of the group `sdk` unless given. */
    key?: string
    /** Of the client, beside those that its transport needs. */
    options?: object
}

/** `azure-iot-device`, not connected yet. */
export async function newDevice(
    running: Running,
    hub: string,
    deviceId: string,
    { transport = DEVICE_TRANSPORTS[0], key, options }: DeviceOptions = {}
): Promise<Client> {
    const secret = key ?? deriveDeviceKey(GROUP_KEY, deviceId)
    const text = `HostName=${hub};${transport.gateway(running)}DeviceId=${deviceId};SharedAccessKey=${secret}`
    const client = Client.fromConnectionString(text, transport.create)
    await client.setOptions({ ...transport.options(running), ...options })
    return client
}

/** `azure-iot-device`, connected. */
export async function connectDevice(
    running: Running,
    hub: string,
    deviceId: string,
    options: DeviceOptions = {}
): Promise<Client> {
    const client = await newDevice(running, hub, deviceId, options)
    await client.open()
    return client
}
