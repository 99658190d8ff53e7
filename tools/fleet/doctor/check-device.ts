// Checks ID scope and key of a device with Device Registration Status Lookup, which changes nothing (protocol-facts.md, 2).
import { makeSasToken } from "@moorage/protocol"
import { encodeConnect } from "@moorage/device/shared"
import type { HttpsResponse } from "../azure/https.js"
import { parseErrorResponse, readRetryAfterSec } from "../azure/response-errors.js"
import { type CheckOutcome, fail, ok, warn } from "./finding.js"
import type { DeviceIdentity } from "./device-credentials.js"
import type { ProbeRequest } from "./probes.js"

const API_VERSION = "2021-06-01"
const TOKEN_SEC = 600
const ERROR_TEXT_MAX_CHARS = 120

type DeviceAccess = Pick<DeviceIdentity, "idScope" | "registrationId" | "key">

const resourcePath = ({ idScope, registrationId }: DeviceAccess) =>
    `${idScope}/registrations/${registrationId}`

const registrationToken = (access: DeviceAccess, nowSec: number) =>
    makeSasToken(access.key, resourcePath(access), Math.floor(nowSec) + TOKEN_SEC, "registration")

/** Returns the request of a status lookup. @param nowSec by the service's clock */
export function lookupRequest(identity: DeviceIdentity, hostName: string, nowSec: number): ProbeRequest {
    return {
        hostName,
        method: "POST",
        path: `/${resourcePath(identity)}?api-version=${API_VERSION}`,
        headers: {
            Authorization: registrationToken(identity, nowSec),
            "Content-Type": "application/json; charset=utf-8",
        },
        body: JSON.stringify({ registrationId: identity.registrationId }),
    }
}

/**
 * Returns a CONNECT packet whose CONNACK shows whether DPS knows an ID scope. The registration ID must not belong to a
 * device, because DPS would close the session of that device. Nothing is registered, since the client publishes nothing.
 */
export function scopeProbePacket(unknownDevice: DeviceAccess, nowSec: number): Uint8Array {
    return encodeConnect({
        clientId: unknownDevice.registrationId,
        username: `${resourcePath(unknownDevice)}/api-version=2019-03-31`,
        password: registrationToken(unknownDevice, nowSec),
        keepAliveSec: 0,
        cleanSession: true,
    })
}

export type ScopeStatus = "known" | "unknown" | "undetermined"

const CONNACK_ACCEPTED = 0
/** Return code for a wrong ID scope (protocol-facts.md, 1.7; azure-iot-sdk-python#670). */
const CONNACK_UNAVAILABLE = 3
const CONNACK_UNAUTHORIZED = 5

/** Returns whether DPS knows the ID scope, from the return code of a CONNACK. */
export function scopeStatusOf(connackCode: number | undefined): ScopeStatus {
    switch (connackCode) {
        case CONNACK_UNAVAILABLE:
            return "unknown"
        // DPS checks the key either at CONNECT or later (protocol-facts.md, 10.1).
        case CONNACK_ACCEPTED:
        case CONNACK_UNAUTHORIZED:
            return "known"
        default:
            return "undetermined"
    }
}

/** Parses the record of a 200. Returns null if the device never registered, undefined if the body is not a record. */
function parseRecord(body: string): Record<string, unknown> | null | undefined {
    try {
        const value: unknown = JSON.parse(body)
        if (value === null) return null
        return typeof value === "object" && "status" in value ? (value as Record<string, unknown>) : undefined
    } catch {
        return undefined
    }
}

const validText = ({ registrationId, keySource }: DeviceIdentity) =>
    `ID scope and key are valid (${registrationId}, with ${keySource})`

function recordOutcome(identity: DeviceIdentity, body: string): CheckOutcome {
    const record = parseRecord(body)
    const valid = validText(identity)
    if (record === undefined)
        return fail(
            "the response is not from DPS",
            "Check the DPS host name, and whether a proxy or login page answers instead"
        )
    if (record === null) return ok(`${valid}; never registered`)
    const { status, assignedHub, errorCode, errorMessage } = record
    if (status === "disabled")
        return warn(`${valid}, but the enrollment is disabled`, "Enable it, otherwise DPS rejects the board")
    if (status === "failed")
        return warn(
            `${valid}, but the last registration failed: ${String(errorCode)} ${String(errorMessage).slice(0, ERROR_TEXT_MAX_CHARS)}`,
            "Fix the reported error. The board tries again automatically"
        )
    const hub = typeof assignedHub === "string" ? ` to ${assignedHub}` : ""
    return ok(`${valid}; ${String(status)}${hub}`)
}

function unauthorizedOutcome(identity: DeviceIdentity, scope: ScopeStatus): CheckOutcome {
    const { idScope, registrationId, keySource } = identity
    switch (scope) {
        case "unknown":
            return fail(
                `DPS does not know the ID scope ${idScope}`,
                "Copy the ID scope from the overview of the DPS instance in the portal"
            )
        case "known":
            return fail(
                `the ID scope ${idScope} is valid, but DPS rejects the key of ${registrationId} (${keySource})`,
                "Check that the enrollment exists and that this is its primary or secondary key"
            )
        case "undetermined":
            return fail(
                `DPS rejects ${registrationId} (with ${keySource}) in ${idScope}: the key or the ID scope is wrong`,
                "Check both. Only MQTT shows which one is wrong, and DPS could not be reached by MQTT"
            )
    }
}

/** Returns the outcome for the response to a status lookup. */
export function lookupOutcome(
    identity: DeviceIdentity,
    response: HttpsResponse,
    scope: ScopeStatus
): CheckOutcome {
    const { status } = response
    const { code, text } = parseErrorResponse(response)
    if (status === 200) return recordOutcome(identity, response.body)
    if (status === 401) return unauthorizedOutcome(identity, scope)
    if (status === 404 && code !== undefined)
        // The response for a device that never registered is not documented (protocol-facts.md, 10.2). DPS may answer
        // 404, so 404 is a failure only if the scope is wrong.
        return scope === "unknown"
            ? unauthorizedOutcome(identity, scope)
            : ok(`${validText(identity)}; never registered`)
    if (status === 429) {
        const afterSec = readRetryAfterSec(response)
        const when = afterSec === undefined ? "later" : `in ${afterSec} s`
        return fail("DPS throttles the status lookup: 429", `Try again ${when}`)
    }
    if (status >= 500) return fail(`DPS has an internal error: ${status} ${text}`.trim(), "Try again later")
    return fail(`DPS answers ${status} ${text}`.trim(), "Check the DPS host name and the ID scope")
}
