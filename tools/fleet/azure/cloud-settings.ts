// Addresses and keys of DPS and the hubs: from options, from a connection profile, or from the environment.
import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import { createServiceAccess, parseConnectionString, type ServiceAccess } from "./service-access.js"
import { CloudSettingsError } from "./cloud-errors.js"
import { type HostAddress, type Profile, type ProfileService, readProfile } from "./connection-profile.js"

export interface CloudSettings {
    dps?: ServiceAccess
    hubs: ServiceAccess[]
    idScope?: string
    /** Host name of DPS for devices. */
    deviceHost: string
    /** Address of all HTTPS connections, instead of the addresses of the services. */
    connect?: HostAddress
    /** Address of all MQTT connections, instead of the addresses of the services. */
    connectMqtt?: HostAddress
    /** PEM. */
    ca?: string
    /** Key of an enrollment group (Base64), if the profile is the connection card of an emulator. */
    groupKey?: string
}

/** Options of the command line. A secret is `@file`, `-` for the standard input, or the text itself. */
export interface CloudOptions {
    profile?: string
    dps?: string
    connectionString?: string
    hubConnectionString?: string[]
    connect?: HostAddress
    ca?: string
}

/** Environment variables with the names of Microsoft's samples. */
export interface CloudEnvironment {
    PROVISIONING_CONNECTION_STRING?: string
    IOTHUB_CONNECTION_STRING?: string
    PROVISIONING_HOST?: string
    PROVISIONING_IDSCOPE?: string
}

const STDIN = 0

function readText(source: string, file: string | typeof STDIN): string {
    try {
        return readFileSync(file, "utf8").trim()
    } catch (error) {
        const name = file === STDIN ? "the standard input" : file
        throw new CloudSettingsError(`${source}: cannot read ${name}: ${(error as Error).message}`, {
            cause: error,
        })
    }
}

/** Returns the value of an option that may be `@file` or `-`. @throws CloudSettingsError */
function resolveSecret(option: string, text: string): string {
    if (text === "-") return readText(option, STDIN)
    return text.startsWith("@") ? readText(option, text.slice(1)) : text
}

function accessFromOption(option: string, text: string, hostName?: string): ServiceAccess {
    return parseConnectionString(option, resolveSecret(option, text), hostName)
}

function accessFromProfile(source: string, service: ProfileService, folder: string): ServiceAccess {
    if (typeof service === "string") return parseConnectionString(source, service)
    const { hostName } = service
    if ("connectionString" in service)
        return parseConnectionString(source, service.connectionString, hostName)
    const key = readText(source, resolve(folder, service.keyFile))
    return createServiceAccess(source, { hostName: hostName ?? "", policy: service.policy, key })
}

function settingsFromProfile(profile: Profile, file: string): CloudSettings {
    const folder = dirname(file)
    const ca = profile.ca === undefined ? undefined : readText("ca", resolve(folder, profile.ca))
    const {
        dps,
        hubs,
        idScope,
        deviceHost = GLOBAL_DEVICE_ENDPOINT,
        connect,
        connectMqtt,
        groupKey,
    } = profile
    return {
        dps: dps === undefined ? undefined : accessFromProfile(`${file}, dps`, dps, folder),
        hubs: hubs.map((hub, i) => accessFromProfile(`${file}, hubs[${i}]`, hub, folder)),
        idScope,
        deviceHost,
        connect,
        connectMqtt,
        ca,
        groupKey,
    }
}

function settingsFromEnvironment(env: CloudEnvironment): CloudSettings {
    const dps = env.PROVISIONING_CONNECTION_STRING
    const hub = env.IOTHUB_CONNECTION_STRING
    return {
        dps: dps ? parseConnectionString("PROVISIONING_CONNECTION_STRING", dps) : undefined,
        hubs: hub ? [parseConnectionString("IOTHUB_CONNECTION_STRING", hub)] : [],
        idScope: env.PROVISIONING_IDSCOPE,
        deviceHost: env.PROVISIONING_HOST || GLOBAL_DEVICE_ENDPOINT,
    }
}

/**
 * Returns the settings of the services. Options override the profile. The environment is used only without a profile,
 * because the keys of the real services must never complete the profile of an emulator.
 * @throws CloudSettingsError, DocumentError; the messages contain no key
 */
export function resolveCloudSettings(options: CloudOptions, env: CloudEnvironment): CloudSettings {
    const { profile, dps, connectionString, hubConnectionString = [], connect, ca } = options
    if (dps !== undefined && connectionString === undefined)
        throw new CloudSettingsError("--dps has no key. Add --connection-string.")
    if ([connectionString, ...hubConnectionString].filter(text => text === "-").length > 1)
        throw new CloudSettingsError("Only one connection string can come from the standard input.")
    const settings: CloudSettings =
        profile === undefined
            ? settingsFromEnvironment(env)
            : settingsFromProfile(readProfile(profile), profile)
    if (connectionString !== undefined)
        settings.dps = accessFromOption("--connection-string", connectionString, dps)
    if (hubConnectionString.length > 0)
        settings.hubs = hubConnectionString.map(text => accessFromOption("--hub-connection-string", text))
    if (connect) settings.connect = connect
    if (ca !== undefined) settings.ca = readText("--ca", ca)
    return settings
}
