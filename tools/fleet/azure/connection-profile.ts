// The connection profile: a YAML or JSON file. The connection card that `moorage emulate --json` prints is also a profile.
import { readDocument } from "@moorage/files"
import * as v from "valibot"

export interface HostAddress {
    host: string
    port: number
}

const text = v.pipe(v.string(), v.nonEmpty("is empty"))
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))

const SERVICE = v.union(
    [
        text,
        v.strictObject({ hostName: v.optional(text), connectionString: text }),
        v.strictObject({ hostName: text, policy: text, keyFile: text }),
    ],
    "is neither a connection string nor { hostName, policy, keyFile }"
)

const address = v.pipe(
    text,
    v.transform(parseHostAddress),
    v.custom<HostAddress>(value => value !== undefined, "is not HOST:PORT")
)

/** Fields that only a connection card has and that the host tool does not use. */
const CARD_ONLY = {
    tcpPort: port,
    httpPort: port,
    adminUrl: text,
    metricsUrl: text,
    device: v.unknown(),
    dataDir: text,
}

const PROFILE = v.strictObject({
    dps: v.optional(SERVICE),
    hubs: v.optional(v.array(SERVICE), []),
    idScope: v.optional(text),
    deviceHost: v.optional(text),
    connect: v.optional(address),
    connectMqtt: v.optional(address),
    ca: v.optional(text),
    // A connection card has host and ports in separate fields.
    host: v.optional(text),
    httpsPort: v.optional(port),
    mqttPort: v.optional(port),
    caFile: v.optional(text),
    enrollmentGroups: v.optional(v.array(v.looseObject({ primaryKey: text })), []),
    ...v.partial(v.object(CARD_ONLY)).entries,
})

export type ProfileService = v.InferOutput<typeof SERVICE>

/** The content of a profile file or of a connection card. */
export interface Profile {
    dps?: ProfileService
    hubs: ProfileService[]
    idScope?: string
    deviceHost?: string
    connect?: HostAddress
    connectMqtt?: HostAddress
    /** Path of the CA file, relative to the profile file. */
    ca?: string
    /** Key of the first enrollment group of a card. */
    groupKey?: string
}

/** Reads a profile. @throws DocumentError with every issue, each with its path and line */
export function readProfile(file: string): Profile {
    const { host, httpsPort, mqttPort, caFile, enrollmentGroups, ...own } = readDocument(PROFILE, file)
    const { dps, hubs, idScope, deviceHost, connect, connectMqtt, ca } = own
    const cardAddress = (port: number | undefined) =>
        host !== undefined && port ? { host, port } : undefined
    return {
        dps,
        hubs,
        idScope,
        deviceHost,
        connect: connect ?? cardAddress(httpsPort),
        connectMqtt: connectMqtt ?? cardAddress(mqttPort),
        ca: ca ?? caFile,
        groupKey: enrollmentGroups[0]?.primaryKey,
    }
}

/** Parses `127.0.0.1:8443`, `[::1]:8443` or `host:8443`. Returns undefined for any other text. */
export function parseHostAddress(text: string): HostAddress | undefined {
    const match = /^(?:\[([0-9a-f:]+)\]|([a-z0-9.-]+)):(\d{1,5})$/i.exec(text)
    const port = Number(match?.[3])
    return match && port >= 1 && port <= 65_535 ? { host: match[1] ?? match[2], port } : undefined
}
