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

function refuse(message: string): never {
    throw new ServiceError(400, 400004, message)
}

const isGiven = (value: unknown) => value !== undefined && value !== null && value !== ""

function objectOf(value: unknown, name: string): JsonObject {
    return isJsonObject(value) ? value : refuse(`${name} is not an object.`)
}

/** The key that was given, or the one there is, or a new one. */
function keyOf(cloud: Cloud, value: unknown, name: string, old: string | undefined): string {
    if (!isGiven(value)) return old ?? newKey(cloud.random, NEW_KEY_BYTES)
    if (typeof value === "string" && isSymmetricKey(value)) return value
    return refuse(`${name} is not Base64 of 16 to 64 bytes.`)
}

function keysOf(cloud: Cloud, body: JsonObject, old: EnrollmentBase | undefined) {
    const attestation = objectOf(body.attestation, "attestation")
    if (attestation.type !== "symmetricKey")
        refuse(`The emulator attests by symmetricKey only, not by ${String(attestation.type)}.`)
    const given = objectOf(attestation.symmetricKey ?? {}, "attestation.symmetricKey")
    return {
        primaryKey: keyOf(cloud, given.primaryKey, "primaryKey", old?.primaryKey),
        secondaryKey: keyOf(cloud, given.secondaryKey, "secondaryKey", old?.secondaryKey),
    }
}

function hubsOf(cloud: Cloud, body: JsonObject): string[] | undefined {
    const value = isGiven(body.iotHubHostName) ? [body.iotHubHostName] : body.iotHubs
    if (!isGiven(value)) return undefined
    if (!Array.isArray(value)) return refuse("iotHubs is not a list.")
    if (value.length === 0) return undefined
    return value.map(name => {
        const hub = typeof name === "string" ? cloud.findHub(name) : undefined
        return hub?.hostName ?? refuse(`iotHubs: ${JSON.stringify(name)} is not a linked IoT hub.`)
    })
}

function allocationOf(body: JsonObject): AllocationPolicy {
    const { allocationPolicy: given } = body
    if (!isGiven(given)) return isGiven(body.iotHubHostName) ? "static" : "hashed"
    const policy = ALLOCATION_POLICIES.find(each => each === given)
    return policy ?? refuse(`allocationPolicy is one of ${ALLOCATION_POLICIES.join(", ")}.`)
}

/** Where `custom` allocation asks. */
function webhookOf(body: JsonObject): CustomAllocationDefinition | undefined {
    const { customAllocationDefinition: given } = body
    if (!isGiven(given)) {
        if (allocationOf(body) !== "custom") return undefined
        return refuse("custom allocation needs customAllocationDefinition.")
    }
    const { webhookUrl, apiVersion } = objectOf(given, "customAllocationDefinition")
    if (typeof webhookUrl !== "string" || !/^https?:\/\/[^/]/i.test(webhookUrl) || !URL.canParse(webhookUrl))
        return refuse("customAllocationDefinition.webhookUrl is not an http or https address.")
    if (typeof apiVersion !== "string" || apiVersion === "")
        return refuse("customAllocationDefinition.apiVersion is missing.")
    return { webhookUrl, apiVersion }
}

function reprovisionOf(value: unknown): ReprovisionPolicy | undefined {
    if (!isGiven(value)) return undefined
    const { updateHubAssignment, migrateDeviceData } = objectOf(value, "reprovisionPolicy")
    if (typeof updateHubAssignment !== "boolean" || typeof migrateDeviceData !== "boolean")
        return refuse("reprovisionPolicy needs updateHubAssignment and migrateDeviceData.")
    return { updateHubAssignment, migrateDeviceData }
}

function initialTwinOf(value: unknown): InitialTwin | undefined {
    if (!isGiven(value)) return undefined
    const twin = objectOf(value, "initialTwin")
    const properties = objectOf(twin.properties ?? {}, "initialTwin.properties")
    const tags: TwinPatch = objectOf(twin.tags ?? {}, "initialTwin.tags")
    return {
        tags,
        properties: { desired: objectOf(properties.desired ?? {}, "initialTwin.properties.desired") },
    }
}

function statusOf(value: unknown): "enabled" | "disabled" {
    if (!isGiven(value)) return "enabled"
    return value === "enabled" || value === "disabled" ? value : refuse("provisioningStatus is unknown.")
}

/**
 * What every enrollment has, from the body of a PUT. Keys that are left out stay, or are made when it is
 * new. @throws ServiceError 400
 */
export function readBase(cloud: Cloud, body: JsonObject, old: EnrollmentBase | undefined): EnrollmentBase {
    return {
        ...keysOf(cloud, body, old),
        provisioningStatus: statusOf(body.provisioningStatus),
        allocationPolicy: allocationOf(body),
        customAllocationDefinition: webhookOf(body),
        iotHubs: hubsOf(cloud, body),
        reprovisionPolicy: reprovisionOf(body.reprovisionPolicy),
        initialTwin: initialTwinOf(body.initialTwin),
        capabilities: isGiven(body.capabilities) ? objectOf(body.capabilities, "capabilities") : undefined,
    }
}
