// Where a board moors: at an emulator inside this process, at what a profile names, or at the real services.
import { connect } from "node:net"
import { deviceRoutes, type Emulator, startEmulator } from "@moorage/emulator"
import { GLOBAL_DEVICE_ENDPOINT, deriveDeviceKey } from "@moorage/protocol"
import { realRandom } from "@moorage/runtime"
import { type Network, realNetwork } from "@moorage/vm"
import { CloudSettingsError } from "../azure/cloud-errors.js"
import { cloudSettings } from "../azure/cloud-settings.js"
import { DevBoardError } from "./dev-board-error.js"
import type { FlashIdentity } from "./flash-contents.js"

/** Settings of the board that say how it reaches DPS. */
export type Settings = Record<string, unknown>

export interface CloudTarget {
    /** For a person. */
    name: string
    idScope: string | undefined
    /** Where boards are told that DPS is, when that is not where they look anyway. */
    dpsHost?: string
    /** The key by which a device of that ID is known there, if that can be told. */
    keyOf: (id: string) => string | undefined
    /** The network that leads there. @throws DeskError when there is no way for a board of these settings */
    networkFor: (settings: Settings) => Network
    /** The one inside this process. */
    emulator?: Emulator
    close: () => Promise<void>
}

const LOCALHOST = "127.0.0.1"
const PROBE_MS = 3_000
const GROUP = "moorage"

const nothing = () => Promise.resolve()
const isPlain = ({ DPS_TRANSPORT }: Settings) => DPS_TRANSPORT === "tcp"

/** Names and ports as the board has them. */
function addressesOf({ DPS_HOST, DPS_PORT, DPS_HTTP_PORT }: Settings) {
    return {
        dpsHost: DPS_HOST as string | undefined,
        port: DPS_PORT as number | undefined,
        httpPort: DPS_HTTP_PORT as number | undefined,
    }
}

/**
 * An emulator in this process, with one enrollment group and two hubs.
 * @param known a board that is to be known there, as it is
 * @param dataDir a folder that keeps its state; in memory unless given
 * @param onStateError told when that state cannot be kept any more
 */
export async function embeddedEmulatorTarget(
    known: FlashIdentity | undefined,
    dataDir: string | undefined,
    onStateError: (error: Error) => void
): Promise<CloudTarget> {
    const primaryKey = Buffer.from(realRandom.bytes(64)).toString("base64")
    const emulator = await startEmulator({
        ...(known && { idScope: known.idScope }),
        enrollmentGroups: [{ enrollmentGroupId: GROUP, primaryKey }],
        adminPort: 0,
        tcpPort: 0,
        httpPort: 0,
        dataDir,
        onStateError,
    })
    const { enrollments, idScope } = emulator.cloud.dps
    const keyOf = (id: string) =>
        enrollments.individual(id)?.primaryKey ??
        deriveDeviceKey(enrollments.group(GROUP)?.primaryKey ?? primaryKey, id)
    if (known && keyOf(known.registrationId) !== known.key)
        enrollments.putIndividual({ registrationId: known.registrationId, primaryKey: known.key })
    return {
        name: "an emulator of its own",
        idScope,
        keyOf,
        networkFor: settings => {
            const ports = isPlain(settings)
                ? { mqttPort: emulator.tcpPort as number, httpsPort: emulator.httpPort as number }
                : emulator
            const { mqttPort, httpsPort } = ports
            const listens = { host: LOCALHOST, mqttPort, httpsPort }
            const routes = deviceRoutes(listens, emulator.cloud.hubNames(), addressesOf(settings))
            return realNetwork({ ca: emulator.ca, routes })
        },
        emulator,
        close: () => emulator.close(),
    }
}

/** Whether something listens there. */
function answers(host: string, port: number): Promise<boolean> {
    return new Promise(done => {
        const socket = connect({ host, port, timeout: PROBE_MS })
        const end = (isThere: boolean) => {
            socket.destroy()
            done(isThere)
        }
        socket.once("connect", () => end(true))
        socket.once("timeout", () => end(false))
        socket.once("error", () => end(false))
    })
}

function settingsOf(file: string) {
    try {
        return cloudSettings({ profile: file }, {})
    } catch (error) {
        if (!(error instanceof CloudSettingsError)) throw error
        const hint = "If this is the card of an emulator: it does not run any more."
        throw new DevBoardError(`${error.message}\n${hint}`, { cause: error })
    }
}

/**
 * What a profile file names: a running emulator by its card, or the real services.
 * @throws DeskError, DocumentError when it cannot be used, or its emulator does not answer
 */
export async function targetFromProfile(file: string): Promise<CloudTarget> {
    const { idScope, deviceHost, connect, connectMqtt, ca, hubs, groupKey } = settingsOf(file)
    const common = {
        idScope,
        keyOf: (id: string) => (groupKey === undefined ? undefined : deriveDeviceKey(groupKey, id)),
        ...(deviceHost !== GLOBAL_DEVICE_ENDPOINT && { dpsHost: deviceHost }),
        close: nothing,
    }
    if (!connect && !connectMqtt)
        return { ...common, name: `DPS at ${deviceHost}`, networkFor: () => realNetwork({ ca }) }
    if (!connect || !connectMqtt)
        throw new DevBoardError(`${file}: a board needs MQTT and HTTPS: connect and connectMqtt, or neither.`)
    if (!(await answers(connectMqtt.host, connectMqtt.port)))
        throw new DevBoardError(
            `No emulator answers at ${connectMqtt.host}:${connectMqtt.port}, which ${file} names. Is it still running?`
        )
    return {
        ...common,
        name: `the emulator at ${connectMqtt.host}:${connectMqtt.port}`,
        networkFor: settings => {
            if (isPlain(settings))
                throw new DevBoardError(
                    "DPS_TRANSPORT=tcp is for a lab: the emulator of a profile is reached by TLS."
                )
            const listens = {
                host: connectMqtt.host,
                mqttPort: connectMqtt.port,
                httpsPort: connect.port,
            }
            const names = hubs.map(({ hostName }) => hostName)
            return realNetwork({ ca, routes: deviceRoutes(listens, names, addressesOf(settings)) })
        },
    }
}

/** The real services, by the CAs that Node trusts. */
export function azureTarget(idScope: string): CloudTarget {
    return {
        name: "DPS",
        idScope,
        keyOf: () => undefined,
        networkFor: () => realNetwork(),
        close: nothing,
    }
}
