// The connection card: how to connect a device, a service SDK or a board to the emulator.
import { networkInterfaces } from "node:os"
import { type Emulator } from "@moorage/emulator"
import { GLOBAL_DEVICE_ENDPOINT, deriveDeviceKey } from "@moorage/protocol"

/** The card as `--json` prints it. */
export interface Card {
    idScope: string
    host: string
    mqttPort: number
    httpsPort: number
    tcpPort?: number
    httpPort?: number
    adminUrl?: string
    metricsUrl?: string
    caFile: string
    hubs: { hostName: string; connectionString: string }[]
    dps: { hostName: string; connectionString: string }
    enrollmentGroups: { enrollmentGroupId: string; primaryKey: string }[]
    /** Credentials of an example device in the first group. */
    device?: { registrationId: string; symmetricKey: string }
    dataDir?: string
}

const SERVICE_HOST = "moorage.azure-devices-provisioning.net"
const DEVICE = "my-device"

/** Returns the IPv4 address of this machine in its network; 127.0.0.1 without a network. */
export function lanAddress(): string {
    const all = Object.values(networkInterfaces()).flat()
    return all.find(each => each && !each.internal && each.family === "IPv4")?.address ?? "127.0.0.1"
}

/** Returns the connection card of a running emulator. */
export function cardOf(emulator: Emulator, host: string, caFile: string, dataDir?: string): Card {
    const { cloud, mqttPort, httpsPort, tcpPort, httpPort, adminPort, metricsPort } = emulator
    const groups = cloud.dps.enrollments.listGroups()
    const [group] = groups
    return {
        idScope: cloud.dps.idScope,
        host: host === "0.0.0.0" || host === "::" ? lanAddress() : host,
        mqttPort,
        httpsPort,
        tcpPort,
        httpPort,
        adminUrl: adminPort === undefined ? undefined : `http://127.0.0.1:${adminPort}`,
        metricsUrl: metricsPort === undefined ? undefined : `http://127.0.0.1:${metricsPort}/metrics`,
        caFile,
        hubs: cloud.hubNames().map(hostName => ({
            hostName,
            connectionString: cloud.hubAccess(hostName).connectionString(hostName),
        })),
        dps: { hostName: SERVICE_HOST, connectionString: cloud.dpsAccess.connectionString(SERVICE_HOST) },
        enrollmentGroups: groups.map(({ enrollmentGroupId, primaryKey }) => ({
            enrollmentGroupId,
            primaryKey,
        })),
        device: group && {
            registrationId: DEVICE,
            symmetricKey: deriveDeviceKey(group.primaryKey, DEVICE),
        },
        dataDir,
    }
}

function table(rows: [name: string, value: string | undefined][]): string[] {
    const width = Math.max(...rows.map(([name]) => name.length))
    return rows
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)
}

function nodeLines(card: Card): string[] {
    if (!card.device) return []
    const { registrationId, symmetricKey } = card.device
    const gateway = `${card.host === "127.0.0.1" ? "localhost" : card.host}:${card.mqttPort}`
    const [hub] = card.hubs
    return [
        "",
        "Node, azure-iot-provisioning-device-mqtt:",
        `  const base = new MqttBase()`,
        `  base.setOptions({ ca: readFileSync("${card.caFile}", "utf8") })`,
        `  const key = new SymmetricKeySecurityClient("${registrationId}", "${symmetricKey}")`,
        `  await ProvisioningDeviceClient.create("${gateway}", "${card.idScope}", new Mqtt(base), key).register()`,
        "Node, azure-iot-device (with the assigned hub; then call setOptions({ ca })):",
        `  HostName=${hub.hostName};GatewayHostName=${gateway};DeviceId=${registrationId};SharedAccessKey=${symmetricKey}`,
    ]
}

function serviceLines(card: Card): string[] {
    return [
        "",
        "Service side (azure-iot-provisioning-service, azure-iothub):",
        `  ${card.dps.connectionString}`,
        ...card.hubs.map(hub => `  ${hub.connectionString}`),
    ]
}

/** Returns the settings of a board. A board cannot trust the CA of the emulator, so the board connects without TLS. */
function boardLines(card: Card): string[] {
    if (card.tcpPort === undefined || card.httpPort === undefined)
        return ["", "For a board in a lab, start the emulator with --tcp and --host 0.0.0.0."]
    const settings = [
        `DPS_HOST=${card.host}`,
        `DPS_PORT=${card.tcpPort}`,
        `DPS_HTTP_PORT=${card.httpPort}`,
        "DPS_TRANSPORT=tcp",
        `ID_SCOPE=${card.idScope}`,
        ...(card.device
            ? [`REG_ID=${card.device.registrationId}`, `DEVICE_KEY=${card.device.symmetricKey}`]
            : []),
    ]
    return ["", "A board, .env.local:", ...settings.map(line => `  ${line}`)]
}

/** Returns the card as text for a terminal. @param note additional lines */
export function cardText(card: Card, note: string[]): string {
    const tcp = card.tcpPort === undefined ? undefined : `MQTT ${card.tcpPort}, HTTP ${card.httpPort}`
    return [
        "Moorage emulator: DPS and IoT Hub on this machine",
        "",
        ...table([
            ["address", card.host],
            ["TLS", `MQTT ${card.mqttPort}; HTTPS and MQTT over WebSocket ${card.httpsPort}`],
            ["without TLS", tcp],
            ["ID scope", card.idScope],
            ["DPS", GLOBAL_DEVICE_ENDPOINT],
            ["hubs", card.hubs.map(hub => hub.hostName).join(", ")],
            ...card.enrollmentGroups.map(({ enrollmentGroupId, primaryKey }): [string, string] => [
                "group key",
                `${enrollmentGroupId}: ${primaryKey}`,
            ]),
            ["CA file", card.caFile],
            ["admin API", card.adminUrl],
            ["metrics", card.metricsUrl],
            ["state", card.dataDir ?? "in memory; use --data DIR to store it"],
        ]),
        ...nodeLines(card),
        ...serviceLines(card),
        ...boardLines(card),
        ...note,
        "",
    ].join("\n")
}
