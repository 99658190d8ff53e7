// The cloud that a development board connects to: an embedded emulator, the target of a connection profile, or Azure.
import { connect as connectTcp } from "node:net"
import { deviceRoutes, type Emulator, startEmulator } from "@moorage/emulator"
import { deriveDeviceKey, GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import { realRandom } from "@moorage/runtime"
import { type Network, realNetwork } from "@moorage/vm"
import { CloudSettingsError } from "../azure/cloud-errors.js"
import { type CloudSettings, resolveCloudSettings } from "../azure/cloud-settings.js"
import { DevBoardError } from "./dev-board-error.js"
import type { FlashIdentity } from "./flash-contents.js"

/** Settings of the board that define how it reaches DPS. */
export type BoardSettingValues = Record<string, unknown>

export interface CloudTarget {
    /** Shown to the user. */
    name: string
    idScope: string | undefined
    /** Value of the board setting DPS_HOST; undefined if the default of the firmware applies. */
    dpsHost?: string
    /** Returns the key of the device with this ID (Base64), or undefined if the key is unknown. */
    deviceKey: (id: string) => string | undefined
    /** Returns the network that leads to the target. @throws DevBoardError if the settings do not match the target */
    createNetwork: (settings: BoardSettingValues) => Network
    /** The embedded emulator. */
    emulator?: Emulator
    close: () => Promise<void>
}

export interface EmbeddedEmulatorOptions {
    /** Identity of a board that is already flashed. The emulator gets its ID scope and an enrollment with its key. */
    flashed?: FlashIdentity
    /** Folder for the state of the emulator (default: the state is in memory). */
    dataDir?: string
    /** Called when the state cannot be stored any more. */
    onStateError: (error: Error) => void
}

const LOCALHOST = "127.0.0.1"
const PROBE_MS = 3_000
const GROUP = "moorage"

const noop = () => Promise.resolve()
const usesPlainTcp = ({ DPS_TRANSPORT }: BoardSettingValues) => DPS_TRANSPORT === "tcp"

/** Returns the host name and the ports of DPS in the settings of a board. */
function dpsAddress({ DPS_HOST, DPS_PORT, DPS_HTTP_PORT }: BoardSettingValues) {
    return {
        dpsHost: DPS_HOST as string | undefined,
        port: DPS_PORT as number | undefined,
        httpPort: DPS_HTTP_PORT as number | undefined,
    }
}

/** Starts an emulator in this process with one enrollment group and two hubs. */
export async function embeddedEmulatorTarget(options: EmbeddedEmulatorOptions): Promise<CloudTarget> {
    const { flashed, dataDir, onStateError } = options
    const primaryKey = Buffer.from(realRandom.bytes(64)).toString("base64")
    const emulator = await startEmulator({
        ...(flashed && { idScope: flashed.idScope }),
        enrollmentGroups: [{ enrollmentGroupId: GROUP, primaryKey }],
        adminPort: 0,
        tcpPort: 0,
        httpPort: 0,
        dataDir,
        onStateError,
    })
    const { enrollments, idScope } = emulator.cloud.dps
    const deviceKey = (id: string) =>
        enrollments.individual(id)?.primaryKey ??
        deriveDeviceKey(enrollments.group(GROUP)?.primaryKey ?? primaryKey, id)
    if (flashed && deviceKey(flashed.registrationId) !== flashed.key)
        enrollments.putIndividual({ registrationId: flashed.registrationId, primaryKey: flashed.key })
    return {
        name: "an embedded emulator",
        idScope,
        deviceKey,
        createNetwork: settings => {
            const { mqttPort, httpsPort } = usesPlainTcp(settings)
                ? { mqttPort: emulator.tcpPort as number, httpsPort: emulator.httpPort as number }
                : emulator
            const address = { host: LOCALHOST, mqttPort, httpsPort }
            const routes = deviceRoutes(address, emulator.cloud.hubNames(), dpsAddress(settings))
            return realNetwork({ ca: emulator.ca, routes })
        },
        emulator,
        close: () => emulator.close(),
    }
}

/** Returns whether a TCP connection can be opened. */
function acceptsConnections(host: string, port: number): Promise<boolean> {
    return new Promise(resolve => {
        const socket = connectTcp({ host, port, timeout: PROBE_MS })
        const end = (isOpen: boolean) => {
            socket.destroy()
            resolve(isOpen)
        }
        socket.once("connect", () => end(true))
        socket.once("timeout", () => end(false))
        socket.once("error", () => end(false))
    })
}

function settingsOfProfile(file: string): CloudSettings {
    try {
        return resolveCloudSettings({ profile: file }, {})
    } catch (error) {
        if (!(error instanceof CloudSettingsError)) throw error
        const hint = "If this file is the connection card of an emulator, start the emulator again."
        throw new DevBoardError(`${error.message}\n${hint}`, { cause: error })
    }
}

/**
 * Returns the target of a connection profile: a running emulator, or Azure.
 * @throws DevBoardError, DocumentError if the profile cannot be used or its emulator does not answer
 */
export async function targetFromProfile(file: string): Promise<CloudTarget> {
    const { idScope, deviceHost, connect, connectMqtt, ca, hubs, groupKey } = settingsOfProfile(file)
    const common = {
        idScope,
        deviceKey: (id: string) => (groupKey === undefined ? undefined : deriveDeviceKey(groupKey, id)),
        ...(deviceHost !== GLOBAL_DEVICE_ENDPOINT && { dpsHost: deviceHost }),
        close: noop,
    }
    if (!connect && !connectMqtt)
        return { ...common, name: `DPS at ${deviceHost}`, createNetwork: () => realNetwork({ ca }) }
    if (!connect || !connectMqtt)
        throw new DevBoardError(
            `${file}: a board needs MQTT and HTTPS. Set both connect and connectMqtt, or neither.`
        )
    if (!(await acceptsConnections(connectMqtt.host, connectMqtt.port)))
        throw new DevBoardError(
            `No emulator answers at ${connectMqtt.host}:${connectMqtt.port}, the address in ${file}. Check that it is running.`
        )
    return {
        ...common,
        name: `the emulator at ${connectMqtt.host}:${connectMqtt.port}`,
        createNetwork: settings => {
            if (usesPlainTcp(settings))
                throw new DevBoardError(
                    "DPS_TRANSPORT is tcp, but an emulator of a profile accepts only TLS. Remove the setting."
                )
            const address = {
                host: connectMqtt.host,
                mqttPort: connectMqtt.port,
                httpsPort: connect.port,
            }
            const names = hubs.map(({ hostName }) => hostName)
            return realNetwork({ ca, routes: deviceRoutes(address, names, dpsAddress(settings)) })
        },
    }
}

/** Returns Azure as the target. Certificates are verified with the CAs that Node trusts. */
export function azureTarget(idScope: string): CloudTarget {
    return {
        name: "DPS",
        idScope,
        deviceKey: () => undefined,
        createNetwork: () => realNetwork(),
        close: noop,
    }
}
