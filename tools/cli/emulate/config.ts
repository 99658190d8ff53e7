// The configuration file of `moorage emulate`: YAML or JSON, checked whole before anything starts.
import { readFileSync } from "node:fs"
import type { EmulatorOptions } from "@moorage/emulator"
import * as v from "valibot"
import { LineCounter, parseDocument } from "yaml"
import { UserError, WRONG_USAGE } from "../fail.js"

const text = v.pipe(v.string(), v.nonEmpty("is empty"))
const key = v.pipe(
    v.string(),
    v.check(value => {
        const bytes = Buffer.from(value, "base64")
        return bytes.toString("base64") === value && bytes.length >= 16 && bytes.length <= 64
    }, "is not Base64 of 16 to 64 bytes")
)
const whole = v.pipe(v.number(), v.integer("is not a whole number"), v.minValue(0, "is negative"))
const positive = v.pipe(v.number(), v.gtValue(0, "is not more than 0"))
const port = v.pipe(whole, v.maxValue(65_535, "is more than 65535"))
const hostName = v.pipe(v.string(), v.regex(/^[a-z0-9.-]+$/i, "is not a host name"))
const object = v.record(v.string(), v.unknown())
const rate = v.nullable(v.strictObject({ calls: positive, perSec: positive }))
const onOff = v.picklist(["enabled", "disabled"], "is neither enabled nor disabled")

const PERMISSIONS = [
    ...["ServiceConfig", "EnrollmentRead", "EnrollmentWrite", "RegistrationStatusRead"],
    ...["RegistrationStatusWrite", "RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"],
] as const

const POLICY = v.strictObject({
    keyName: text,
    primaryKey: key,
    secondaryKey: v.optional(key),
    permissions: v.array(v.picklist(PERMISSIONS, `is not one of ${PERMISSIONS.join(", ")}`)),
})

const ENROLLMENT = {
    primaryKey: key,
    secondaryKey: v.optional(key),
    provisioningStatus: v.optional(onOff),
    allocationPolicy: v.optional(
        v.picklist(
            ["hashed", "geoLatency", "static", "custom"],
            "is not one of hashed, geoLatency, static, custom"
        )
    ),
    customAllocationDefinition: v.optional(
        v.strictObject({ webhookUrl: v.pipe(v.string(), v.url("is not an address")), apiVersion: text })
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
    v.regex(/^[a-z0-9\-._:]{0,127}[a-z0-9-]$/i, "is not a registration ID: up to 128 of a-z 0-9 - . _ :")
)

const CONFIG = v.strictObject({
    idScope: v.optional(text),
    hubs: v.optional(
        v.pipe(
            v.array(v.strictObject({ hostName, policies: v.optional(v.array(POLICY)) })),
            v.minLength(1, "is empty: a device needs a hub")
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
    assigningMs: v.optional(whole),
    retryAfterSec: v.optional(whole),
    quotas: v.optional(
        v.partial(
            v.strictObject({
                dpsRegistrations: rate,
                dpsPollsPerDevice: rate,
                dpsOperations: rate,
                hubConnects: rate,
                hubTelemetry: rate,
                hubDailyMessages: v.nullable(whole),
            })
        )
    ),
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

type Issue = v.InferIssue<typeof CONFIG>

function pathOf(issue: Issue): (string | number)[] {
    return (issue.path ?? []).map(item => item.key as string | number)
}

/** `enrollmentGroups[1].primaryKey`. */
function format(path: (string | number)[]): string {
    const parts = path.map((part, i) => (typeof part === "number" ? `[${part}]` : i ? `.${part}` : part))
    return parts.join("") || "the file"
}

function messageOf(issue: Issue): string {
    if (issue.type !== "strict_object") return issue.message.replace(/^Invalid .*: /, "")
    // An unknown field, or one that is missing, by what the schema expected there.
    return issue.expected === "never" ? "is not known" : "is missing"
}

/** The lists of enrollments name hubs that must be there. */
function strangers(config: v.InferOutput<typeof CONFIG>): string[] {
    const known = config.hubs?.map(hub => hub.hostName.toLowerCase())
    if (!known) return []
    return (["enrollments", "enrollmentGroups"] as const).flatMap(list =>
        (config[list] ?? []).flatMap(({ iotHubs }, i) =>
            (iotHubs ?? [])
                .map((hub, j) => ({ hub, where: `${list}[${i}].iotHubs[${j}]` }))
                .filter(({ hub }) => !known.includes(hub.toLowerCase()))
                .map(({ hub, where }) => `${where}: ${hub} is not one of hubs`)
        )
    )
}

/** @throws UserError with every mistake, each with its path and line */
export function parseConfig(source: string, name: string): EmulatorOptions {
    const lines = new LineCounter()
    const document = parseDocument(source, { lineCounter: lines })
    const refuse = (errors: string[]) =>
        new UserError(
            [`${name} cannot be used:`, ...errors.map(error => `  ${error}`)].join("\n"),
            WRONG_USAGE
        )
    if (document.errors.length > 0) throw refuse(document.errors.map(error => error.message.split("\n")[0]))
    const result = v.safeParse(CONFIG, document.toJS() ?? {})
    const lineOf = (path: (string | number)[]): string => {
        for (let depth = path.length; depth > 0; depth--) {
            const node = document.getIn(path.slice(0, depth), true) as { range?: [number] } | undefined
            if (node?.range) return `line ${lines.linePos(node.range[0]).line}, `
        }
        return ""
    }
    if (!result.success)
        throw refuse(
            result.issues.map(issue => {
                const path = pathOf(issue)
                return `${lineOf(path)}${format(path)}: ${messageOf(issue)}`
            })
        )
    const missing = strangers(result.output)
    if (missing.length > 0) throw refuse(missing)
    return result.output
}

/** Reads the configuration file. @throws UserError */
export function readConfig(file: string): EmulatorOptions {
    let source: string
    try {
        source = readFileSync(file, "utf8")
    } catch (error) {
        throw new UserError(`Cannot read ${file}: ${(error as Error).message}`, WRONG_USAGE, { cause: error })
    }
    return parseConfig(source, file)
}
