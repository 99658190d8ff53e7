// The configuration file of `moorage emulate`, YAML or JSON. The unsigned file is validated before the emulator starts.
import { readDocument } from "@moorage/files"
import type { EmulatorOptions } from "@moorage/emulator"
import { QUOTAS_SCHEMA } from "@moorage/emulator"
import * as v from "valibot"

const text = v.pipe(v.string(), v.nonEmpty("is empty"))
const key = v.pipe(
    v.string(),
    v.check(value => {
        const bytes = Buffer.from(value, "base64")
        return bytes.toString("base64") === value && bytes.length >= 16 && bytes.length <= 64
    }, "is not Base64 of 16 to 64 bytes")
)
const unsigned = v.pipe(v.number(), v.integer("is not an integer"), v.minValue(0, "is negative"))
const positive = v.pipe(v.number(), v.gtValue(0, "must be above 0"))
const port = v.pipe(unsigned, v.maxValue(65_535, "is above 65535"))
const hostName = v.pipe(v.string(), v.regex(/^[a-z0-9.-]+$/i, "is not a host name"))
const object = v.record(v.string(), v.unknown())
const onOff = v.picklist(["enabled", "disabled"], "must be enabled or disabled")

const PERMISSIONS = [
    ...["ServiceConfig", "EnrollmentRead", "EnrollmentWrite", "RegistrationStatusRead"],
    ...["RegistrationStatusWrite", "RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"],
] as const

const POLICY = v.strictObject({
    keyName: text,
    primaryKey: key,
    secondaryKey: v.optional(key),
    permissions: v.array(v.picklist(PERMISSIONS, `must be one of ${PERMISSIONS.join(", ")}`)),
})

const ENROLLMENT = {
    primaryKey: key,
    secondaryKey: v.optional(key),
    provisioningStatus: v.optional(onOff),
    allocationPolicy: v.optional(
        v.picklist(
            ["hashed", "geoLatency", "static", "custom"],
            "must be one of hashed, geoLatency, static, custom"
        )
    ),
    customAllocationDefinition: v.optional(
        v.strictObject({ webhookUrl: v.pipe(v.string(), v.url("is not a URL")), apiVersion: text })
    ),
    iotHubs: v.optional(v.array(hostName)),
    reprovisionPolicy: v.optional(
        v.strictObject({ updateHubAssignment: v.boolean(), migrateDeviceData: v.boolean() })
    ),
    initialTwin: v.optional(
        v.strictObject({
            tags: v.optional(object),
            properties: v.optional(v.strictObject({ desired: v.optional(object) })),
        })
    ),
}

const registrationId = v.pipe(
    v.string(),
    v.regex(
        /^[a-z0-9\-._:]{0,127}[a-z0-9-]$/i,
        "is not a registration ID (1 to 128 characters: a-z 0-9 - . _ :)"
    )
)

const CONFIG = v.strictObject({
    idScope: v.optional(text),
    hubs: v.optional(
        v.pipe(
            v.array(v.strictObject({ hostName, policies: v.optional(v.array(POLICY)) })),
            v.minLength(1, "is empty; at least one hub is required")
        )
    ),
    dpsPolicies: v.optional(v.array(POLICY)),
    enrollments: v.optional(
        v.array(v.strictObject({ registrationId, deviceId: v.optional(text), ...ENROLLMENT }))
    ),
    enrollmentGroups: v.optional(v.array(v.strictObject({ enrollmentGroupId: text, ...ENROLLMENT }))),
    latencies: v.optional(
        v.array(v.strictObject({ devices: text, latencyMs: v.record(hostName, positive) }))
    ),
    assigningMs: v.optional(unsigned),
    retryAfterSec: v.optional(unsigned),
    quotas: v.optional(QUOTAS_SCHEMA),
    quirks: v.optional(
        v.partial(
            v.strictObject({
                wrongDpsKey: v.picklist(["register401", "connack5"]),
                lookupUnknown: v.picklist([404, "null"]),
                lookupQuota: v.picklist(["operations", "registrations"]),
                qos2Publish: v.picklist(["close", "puback"]),
                unknownTopic: v.picklist(["close", "ignore"]),
                retainProperty: v.picklist(["mqtt-retain", "x-opt-retain"]),
                dpsSilenceMaxSec: v.nullable(positive),
            })
        )
    ),
    mqttPort: v.optional(port),
    httpsPort: v.optional(port),
})

/** Returns an issue for each hub of an enrollment that is missing in `hubs`. */
function unknownHubs(config: v.InferOutput<typeof CONFIG>): string[] {
    const known = config.hubs?.map(hub => hub.hostName.toLowerCase())
    if (!known) return []
    return (["enrollments", "enrollmentGroups"] as const).flatMap(list =>
        (config[list] ?? []).flatMap(({ iotHubs }, i) =>
            (iotHubs ?? [])
                .map((hub, j) => ({ hub, where: `${list}[${i}].iotHubs[${j}]` }))
                .filter(({ hub }) => !known.includes(hub.toLowerCase()))
                .map(({ hub, where }) => `${where}: ${hub} is missing in hubs`)
        )
    )
}

/** Returns the emulator options in a configuration file. @throws DocumentError with all issues, each with path and line */
export function readConfig(file: string): EmulatorOptions {
    return readDocument(CONFIG, file, unknownHubs)
}
