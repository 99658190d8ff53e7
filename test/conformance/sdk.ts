// Microsoft's device clients, connected to the emulator on this machine. They trust its CA and are otherwise
// unchanged. They have no option for a port of HTTPS or WebSocket. An agent connects them to the port, and the
// host name is still that of the service.
import type { EventEmitter } from "node:events"
import { Agent } from "node:https"
import { type Emulator, type EmulatorOptions, type InjectedFault, startEmulator } from "@moorage/emulator"
import { deriveDeviceKey, GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
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

export type { Message }

/** The emulator on real TLS sockets. */
export interface RunningCloud {
    cloud: Emulator["cloud"]
    servers: Emulator
    close(): Promise<void>
}

/** Starts an emulator with two hubs and the enrollment group `sdk`. */
export async function startCloud(options: EmulatorOptions = {}): Promise<RunningCloud> {
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

/** Returns rows for `describe.each` with the name as the title. */
export function titled<T extends { name: string }>(all: T[]): [string, T][] {
    return all.map(one => [one.name, one])
}

/** Injects a fault into the next requests of one device. */
export function failNext(
    { cloud }: RunningCloud,
    { kind, id, times = 1 }: { kind: "connect" | "register" | "poll"; id: string; times?: number },
    fault: InjectedFault
): void {
    const others = cloud.faultOverride
    let left = times
    cloud.faultOverride = point =>
        point.kind === kind && point.id === id && left-- > 0 ? fault : others?.(point)
}

/** Returns an agent that connects every request to the emulator. */
export function agentOf({ servers }: RunningCloud): Agent {
    return new Agent({ host: "127.0.0.1", port: servers.httpsPort, ca: servers.ca })
}

/** A transport of `azure-iot-provisioning-device`, and its connection to the emulator. */
export interface ProvisioningTransport {
    name: string
    /** Whether the SDK retries after 429 and 5xx. Over HTTPS it returns them to its caller. */
    retries: boolean
    host(running: RunningCloud): string
    create(running: RunningCloud): EventEmitter
}

// The packages have their own copies of the base types. For TypeScript these are different types.
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
        host: () => GLOBAL_DEVICE_ENDPOINT,
        create(running) {
            const base = new MqttBase()
            base.setOptions({ mqtt: { webSocketAgent: agentOf(running) } } as never)
            return new ProvisioningMqttWs(base as never)
        },
    },
    {
        name: "HTTPS",
        retries: false,
        host: () => GLOBAL_DEVICE_ENDPOINT,
        create(running) {
            const base = new HttpBase()
            base.setOptions({ http: { agent: agentOf(running) } })
            return new ProvisioningHttp(base as never)
        },
    },
]

export interface RegisterOptions {
    /** Default: the device's key of the group `sdk`. */
    key?: string
    idScope?: string
    payload?: object
    transport?: ProvisioningTransport
}

/** Registers with `azure-iot-provisioning-device`. */
export async function register(
    running: RunningCloud,
    registrationId: string,
    options: RegisterOptions = {}
): Promise<RegistrationResult> {
    const { transport = PROVISIONING_TRANSPORTS[0], idScope = ID_SCOPE, payload } = options
    const key = options.key ?? deriveDeviceKey(GROUP_KEY, registrationId)
    const wire = transport.create(running)
    // The SDK reports a connection error after a failed request only as an event.
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
    /** The start of the connection string, if the transport needs a gateway. */
    gateway(running: RunningCloud): string
    options(running: RunningCloud): object
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
    /** Default: the device's key of the group `sdk`. */
    key?: string
    /** Options of the client in addition to those of its transport. */
    options?: object
}

/** Returns a client of `azure-iot-device` that is not connected yet. */
export async function newDevice(
    running: RunningCloud,
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

/** Returns a connected client of `azure-iot-device`. */
export async function connectDevice(
    running: RunningCloud,
    hub: string,
    deviceId: string,
    options: DeviceOptions = {}
): Promise<Client> {
    const client = await newDevice(running, hub, deviceId, options)
    await client.open()
    return client
}
