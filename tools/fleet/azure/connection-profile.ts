// The profile file: YAML or JSON. The card that `moorage emulate --json` prints is one as it stands.
import { readDocument } from "@moorage/files"
import * as v from "valibot"
import { type HostAddress, parseHostAddress } from "./host-address.js"

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

/** What only the emulator's card has, and is of no use here. */
const CARD = {
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
    // A card has the address in two parts.
    host: v.optional(text),
    httpsPort: v.optional(port),
    mqttPort: v.optional(port),
    caFile: v.optional(text),
    enrollmentGroups: v.optional(v.array(v.looseObject({ primaryKey: text })), []),
    ...v.partial(v.object(CARD)).entries,
})

export type ProfileService = v.InferOutput<typeof SERVICE>

/** A profile, whichever of the two forms it had. */
export interface Profile {
    dps?: ProfileService
    hubs: ProfileService[]
    idScope?: string
    deviceHost?: string
    connect?: HostAddress
    connectMqtt?: HostAddress
    /** A file, relative to that of the profile. */
    ca?: string
    /** Of the card's first enrollment group. */
    groupKey?: string
}

/** @throws DocumentError with every mistake, each with its path and line */
export function readProfile(file: string): Profile {
    const { host, httpsPort, mqttPort, caFile, enrollmentGroups, ...own } = readDocument(PROFILE, file)
    const { dps, hubs, idScope, deviceHost, connect, connectMqtt, ca } = own
    const at = (port: number | undefined) => (host !== undefined && port ? { host, port } : undefined)
    return {
        dps,
        hubs,
        idScope,
        deviceHost,
        connect: connect ?? at(httpsPort),
        connectMqtt: connectMqtt ?? at(mqttPort),
        ca: ca ?? caFile,
        groupKey: enrollmentGroups[0]?.primaryKey,
    }
}
