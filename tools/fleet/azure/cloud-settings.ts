// Where DPS and the hubs are, and how to sign: from options, from a profile file, or from the environment.
import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import { createServiceAccess, parseConnectionString, type ServiceAccess } from "./service-access.js"
import type { HostAddress } from "./host-address.js"
import { CloudSettingsError } from "./cloud-errors.js"
import { type Profile, type ProfileService, readProfile } from "./connection-profile.js"

/** All that is known of the services. */
export interface CloudSettings {
    dps?: ServiceAccess
    hubs: ServiceAccess[]
    idScope?: string
    /** Where devices reach DPS. */
    deviceHost: string
    /** Where all HTTPS goes instead of to the services themselves. */
    connect?: HostAddress
    /** Where all MQTT goes instead. */
    connectMqtt?: HostAddress
    /** PEM. */
    ca?: string
    /** Of an enrollment group, Base64, when the profile is an emulator's card. */
    groupKey?: string
}

/** What the command line says. A secret is `@file`, `-` for the standard input, or the text itself. */
export interface CloudChoices {
    profile?: string
    dps?: string
    connectionString?: string
    hubConnectionString?: string[]
    connect?: HostAddress
    ca?: string
}

/** Named as in Microsoft's samples. */
export interface CloudEnvironment {
    PROVISIONING_CONNECTION_STRING?: string
    IOTHUB_CONNECTION_STRING?: string
    PROVISIONING_HOST?: string
    PROVISIONING_IDSCOPE?: string
}

function readText(what: string, file: string | number): string {
    try {
        return readFileSync(file, "utf8").trim()
    } catch (error) {
        const from = file === 0 ? "the standard input" : file
        throw new CloudSettingsError(`${what}: cannot read ${from}: ${(error as Error).message}`, {
            cause: error,
        })
    }
}

/** What an option means that may be `@file` or `-`. @throws CloudSettingsError */
export function secretOf(what: string, text: string): string {
    if (text === "-") return readText(what, 0)
    return text.startsWith("@") ? readText(what, text.slice(1)) : text
}

function serviceOf(what: string, service: ProfileService, folder: string): ServiceAccess {
    if (typeof service === "string") return parseConnectionString(what, service)
    const { hostName } = service
    if ("connectionString" in service) return parseConnectionString(what, service.connectionString, hostName)
    return createServiceAccess(
        what,
        hostName ?? "",
        service.policy,
        readText(what, resolve(folder, service.keyFile))
    )
}

function fromProfile(profile: Profile, file: string): CloudSettings {
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
        dps: dps === undefined ? undefined : serviceOf(`${file}, dps`, dps, folder),
        hubs: hubs.map((hub, i) => serviceOf(`${file}, hubs[${i}]`, hub, folder)),
        idScope,
        deviceHost,
        connect,
        connectMqtt,
        ca,
        groupKey,
    }
}

function fromEnvironment(env: CloudEnvironment): CloudSettings {
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
 * Options go before the profile. The environment counts only without a profile: a profile for the emulator must never
 * be filled up with the keys of the real services.
 * @throws CloudSettingsError, DocumentError; without keys
 */
export function cloudSettings(choices: CloudChoices, env: CloudEnvironment): CloudSettings {
    const { profile, dps, connectionString, hubConnectionString = [], connect, ca } = choices
    if (dps !== undefined && connectionString === undefined)
        throw new CloudSettingsError("--dps needs a --connection-string: a host is no access.")
    if ([connectionString, ...hubConnectionString].filter(text => text === "-").length > 1)
        throw new CloudSettingsError("The standard input can be but one connection string.")
    const base = profile === undefined ? fromEnvironment(env) : fromProfile(readProfile(profile), profile)
    return {
        ...base,
        ...(connectionString === undefined
            ? {}
            : {
                  dps: parseConnectionString(
                      "--connection-string",
                      secretOf("--connection-string", connectionString),
                      dps
                  ),
              }),
        ...(hubConnectionString.length === 0
            ? {}
            : {
                  hubs: hubConnectionString.map(text =>
                      parseConnectionString(
                          "--hub-connection-string",
                          secretOf("--hub-connection-string", text)
                      )
                  ),
              }),
        ...(connect && { connect }),
        ...(ca === undefined ? {} : { ca: readText("--ca", ca) }),
    }
}
