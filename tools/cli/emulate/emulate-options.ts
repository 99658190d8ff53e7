// Options of `moorage emulate`, and their conversion to emulator options.
import type { EmulatorOptions, LogForm } from "@moorage/emulator"
import { realRandom } from "@moorage/runtime"
import { lanAddress } from "./connection-card.js"

export interface EmulateOptions {
    config?: string
    host: string
    mqttPort: number
    httpsPort: number
    fixedPorts: boolean
    tcp?: number | true
    http?: number | true
    data?: string
    caFile?: string
    adminPort: number
    metricsPort?: number
    log: LogForm
    logBodies: boolean
    json: boolean
}

export const DEFAULT_TCP_PORT = 1883
export const DEFAULT_HTTP_PORT = 8080
/** Ports and hub address for SDKs without a port option. */
export const FIXED = { mqtt: 8883, https: 443, hubs: "127.0.0.2" }

const GROUP_KEY_BYTES = 64

/** Adds an enrollment group with a random key, unless the configuration has an enrollment. */
function withDefaultGroup(options: EmulatorOptions): EmulatorOptions {
    if (options.enrollments ?? options.enrollmentGroups) return options
    const primaryKey = Buffer.from(realRandom.bytes(GROUP_KEY_BYTES)).toString("base64")
    return { ...options, enrollmentGroups: [{ enrollmentGroupId: "moorage", primaryKey }] }
}

/**
 * Returns the options of the emulator. An option of the command line overrides the configuration file.
 * @param isGiven returns whether the command line has the option
 */
export function emulatorOptions(
    config: EmulatorOptions,
    options: EmulateOptions,
    isGiven: (name: string) => boolean
): EmulatorOptions {
    const { fixedPorts, host, tcp, http } = options
    const isLab = tcp !== undefined || http !== undefined
    // A board resolves the host name of its hub. In a lab, the host name must be the address of this machine.
    const hubs =
        config.hubs ?? (isLab ? [{ hostName: host === "127.0.0.1" ? host : lanAddress() }] : undefined)
    const mqttPort = isGiven("mqttPort") ? options.mqttPort : (config.mqttPort ?? options.mqttPort)
    const httpsPort = isGiven("httpsPort") ? options.httpsPort : (config.httpsPort ?? options.httpsPort)
    return withDefaultGroup({
        ...config,
        ...(hubs ? { hubs } : {}),
        host,
        moreHosts: fixedPorts ? [FIXED.hubs] : undefined,
        mqttPort: fixedPorts ? FIXED.mqtt : mqttPort,
        httpsPort: fixedPorts && !isGiven("httpsPort") ? FIXED.https : httpsPort,
        tcpPort: isLab ? (typeof tcp === "number" ? tcp : DEFAULT_TCP_PORT) : undefined,
        httpPort: isLab ? (typeof http === "number" ? http : DEFAULT_HTTP_PORT) : undefined,
        dataDir: options.data,
        adminPort: options.adminPort,
        metricsPort: options.metricsPort,
    })
}
