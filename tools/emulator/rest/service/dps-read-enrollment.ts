import { isSymmetricKey, newKey } from "@moorage/protocol"
import type { Cloud } from "../../cloud.js"
import {
    ALLOCATION_POLICIES,
    type AllocationPolicy,
    type CustomAllocationDefinition,
    type EnrollmentBase,
    type ReprovisionPolicy,
} from "../../dps/enrollments.js"
import type { InitialTwin, TwinPatch } from "../../hub/twin.js"
import { isJsonObject, type JsonObject } from "../../util/json-object.js"
import { ServiceError } from "./service-errors.js"

const NEW_KEY_BYTES = 64

function fail(message: string): never {
    throw new ServiceError(400, 400004, message)
}

const isGiven = (value: unknown) => value !== undefined && value !== null && value !== ""

function requireObject(value: unknown, name: string): JsonObject {
    return isJsonObject(value) ? value : fail(`${name} must be an object.`)
}

/** Returns the given key, else the present key, else a new key. */
function readKey(cloud: Cloud, value: unknown, name: string, old: string | undefined): string {
    if (!isGiven(value)) return old ?? newKey(cloud.random, NEW_KEY_BYTES)
    if (typeof value === "string" && isSymmetricKey(value)) return value
    return fail(`${name} must be Base64 of 16 to 64 bytes.`)
}

function readKeys(cloud: Cloud, body: JsonObject, old: EnrollmentBase | undefined) {
    const attestation = requireObject(body.attestation, "attestation")
    if (attestation.type !== "symmetricKey")
        fail(
            `The emulator does not support the attestation type ${String(attestation.type)}. Use symmetricKey.`
        )
    const given = requireObject(attestation.symmetricKey ?? {}, "attestation.symmetricKey")
    return {
        primaryKey: readKey(cloud, given.primaryKey, "primaryKey", old?.primaryKey),
        secondaryKey: readKey(cloud, given.secondaryKey, "secondaryKey", old?.secondaryKey),
    }
}

function readHubs(cloud: Cloud, body: JsonObject): string[] | undefined {
    const value = isGiven(body.iotHubHostName) ? [body.iotHubHostName] : body.iotHubs
    if (!isGiven(value)) return undefined
    if (!Array.isArray(value)) return fail("iotHubs must be a list.")
    if (value.length === 0) return undefined
    return value.map(name => {
        const hub = typeof name === "string" ? cloud.findHub(name) : undefined
        return hub?.hostName ?? fail(`iotHubs: ${JSON.stringify(name)} is not a linked IoT hub of this DPS.`)
    })
}

function readAllocationPolicy(body: JsonObject): AllocationPolicy {
    const { allocationPolicy: given } = body
    if (!isGiven(given)) return isGiven(body.iotHubHostName) ? "static" : "hashed"
    const policy = ALLOCATION_POLICIES.find(each => each === given)
    return policy ?? fail(`allocationPolicy must be one of ${ALLOCATION_POLICIES.join(", ")}.`)
}

/** Reads the webhook of `custom` allocation. */
function readWebhook(body: JsonObject): CustomAllocationDefinition | undefined {
    const { customAllocationDefinition: given } = body
    if (!isGiven(given)) {
        if (readAllocationPolicy(body) !== "custom") return undefined
        return fail("custom allocation requires customAllocationDefinition.")
    }
    const { webhookUrl, apiVersion } = requireObject(given, "customAllocationDefinition")
    if (typeof webhookUrl !== "string" || !/^https?:\/\/[^/]/i.test(webhookUrl) || !URL.canParse(webhookUrl))
        return fail("customAllocationDefinition.webhookUrl must be an http or https URL.")
    if (typeof apiVersion !== "string" || apiVersion === "")
        return fail("customAllocationDefinition.apiVersion is missing.")
    return { webhookUrl, apiVersion }
}

function readReprovisionPolicy(value: unknown): ReprovisionPolicy | undefined {
    if (!isGiven(value)) return undefined
    const { updateHubAssignment, migrateDeviceData } = requireObject(value, "reprovisionPolicy")
    if (typeof updateHubAssignment !== "boolean" || typeof migrateDeviceData !== "boolean")
        return fail("reprovisionPolicy requires updateHubAssignment and migrateDeviceData.")
    return { updateHubAssignment, migrateDeviceData }
}

function readInitialTwin(value: unknown): InitialTwin | undefined {
    if (!isGiven(value)) return undefined
    const twin = requireObject(value, "initialTwin")
    const properties = requireObject(twin.properties ?? {}, "initialTwin.properties")
    const tags: TwinPatch = requireObject(twin.tags ?? {}, "initialTwin.tags")
    return {
        tags,
        properties: { desired: requireObject(properties.desired ?? {}, "initialTwin.properties.desired") },
    }
}

function readStatus(value: unknown): "enabled" | "disabled" {
    if (!isGiven(value)) return "enabled"
    return value === "enabled" || value === "disabled" ? value : fail("provisioningStatus is invalid.")
}

/**
 * Reads the common fields of an enrollment from the body of a PUT. Missing keys keep their values, or are created for a
 * new enrollment.
 * @throws ServiceError 400
 */
export function readEnrollmentBase(
    cloud: Cloud,
    body: JsonObject,
    old: EnrollmentBase | undefined
): EnrollmentBase {
    return {
        ...readKeys(cloud, body, old),
        provisioningStatus: readStatus(body.provisioningStatus),
        allocationPolicy: readAllocationPolicy(body),
        customAllocationDefinition: readWebhook(body),
        iotHubs: readHubs(cloud, body),
        reprovisionPolicy: readReprovisionPolicy(body.reprovisionPolicy),
        initialTwin: readInitialTwin(body.initialTwin),
        capabilities: isGiven(body.capabilities)
            ? requireObject(body.capabilities, "capabilities")
            : undefined,
    }
}
