// Whether ID scope and key work for a device: Device Registration Status Lookup, which changes nothing (facts 2).
import { makeSas } from "@moorage/protocol"
import { encodeConnect } from "@moorage/device/shared"
import type { HttpsResponse } from "../azure/https.js"
import { parseErrorResponse, readRetryAfterSec } from "../azure/response-errors.js"
import { fail, ok, type CheckOutcome, warn } from "./finding.js"
import type { DeviceIdentity } from "./device-credentials.js"
import type { ProbeRequest } from "./probes.js"

const API_VERSION = "2021-06-01"
const TOKEN_SEC = 600

const resourceOf = ({ idScope, registrationId }: DeviceIdentity) =>
    `${idScope}/registrations/${registrationId}`

/** @param nowSec by the service's clock */
export function lookupRequest(identity: DeviceIdentity, hostName: string, nowSec: number): ProbeRequest {
    const resource = resourceOf(identity)
    const token = makeSas(identity.key, resource, Math.floor(nowSec) + TOKEN_SEC, "registration")
    return {
        hostName,
        method: "POST",
        path: `/${resource}?api-version=${API_VERSION}`,
        headers: { Authorization: token, "Content-Type": "application/json; charset=utf-8" },
        body: JSON.stringify({ registrationId: identity.registrationId }),
    }
}

/**
 * A CONNECT that tells whether DPS knows an ID scope: as a device that there is not, so that no board loses its session.
 * Nothing is subscribed to or published: nothing is registered.
 * @param stranger a registration ID of nobody
 */
export function scopeProbePacket(idScope: string, stranger: string, key: string, nowSec: number): Uint8Array {
    const resource = `${idScope}/registrations/${stranger}`
    return encodeConnect({
        clientId: stranger,
        username: `${resource}/api-version=2019-03-31`,
        password: makeSas(key, resource, Math.floor(nowSec) + TOKEN_SEC, "registration"),
        keepAliveSec: 0,
        cleanSession: true,
    })
}

/** What a CONNACK says of an ID scope: 3 is what a wrong one gets (facts 1.7; azure-iot-sdk-python#670). */
export type ScopeStatus = "known" | "unknown" | "notTold"

export function scopeStatusOf(connack: number | undefined): ScopeStatus {
    if (connack === 3) return "unknown"
    // A wrong key is either taken at CONNECT, or refused with 5 (facts 10.1).
    return connack === 0 || connack === 5 ? "known" : "notTold"
}

/** The record of an answer 200; null for a device that never registered, undefined for what is no record. */
function recordOf(body: string): Record<string, unknown> | null | undefined {
    try {
        const value: unknown = JSON.parse(body)
        if (value === null) return null
        return typeof value === "object" && "status" in value ? (value as Record<string, unknown>) : undefined
    } catch {
        return undefined
    }
}

function registered({ registrationId, keySource: from }: DeviceIdentity, body: string): CheckOutcome {
    const record = recordOf(body)
    const works = `scope and key work (${registrationId}, by ${from})`
    if (record === undefined)
        return fail("what answers is not DPS", "Check DPS's host; a proxy or portal may answer in its place")
    if (record === null) return ok(`${works}; it has never registered`)
    const { status, assignedHub, errorCode, errorMessage } = record
    if (status === "disabled")
        return warn(`${works}, but its enrollment is disabled`, "Enable it, or the board is turned away")
    if (status === "failed")
        return warn(
            `${works}, but its last registration failed: ${String(errorCode)} ${String(errorMessage).slice(0, 120)}`,
            "Mend what it says, then the board will try again"
        )
    const where = typeof assignedHub === "string" ? ` to ${assignedHub}` : ""
    return ok(`${works}; ${String(status)}${where}`)
}

function unauthorized(
    { idScope, registrationId, keySource: from }: DeviceIdentity,
    scope: ScopeStatus
): CheckOutcome {
    if (scope === "unknown")
        return fail(
            `DPS knows no ID scope ${idScope}`,
            "Copy it from the overview of the DPS instance in the portal"
        )
    if (scope === "known")
        return fail(
            `the ID scope ${idScope} is right, but not the key: ${registrationId}, by ${from}, is refused`,
            "Check that it is a key of the enrollment, primary or secondary, and that the enrollment is there"
        )
    return fail(
        `DPS refuses ${registrationId}, by ${from}, in ${idScope}: the key or the ID scope is wrong`,
        "Check both; which one DPS tells by MQTT only, and that could not be asked"
    )
}

/** What the answer to a lookup tells. */
export function lookupOutcome(
    identity: DeviceIdentity,
    answer: HttpsResponse,
    scope: ScopeStatus
): CheckOutcome {
    const { status } = answer
    const { code, text } = parseErrorResponse(answer)
    if (status === 200) return registered(identity, answer.body)
    if (status === 401) return unauthorized(identity, scope)
    if (status === 404 && code !== undefined)
        // What a device gets that never registered is not documented (facts 10.2): a scope that is known bears it out.
        return scope === "unknown"
            ? unauthorized(identity, scope)
            : ok(
                  `scope and key work (${identity.registrationId}, by ${identity.keySource}); it has never registered`
              )
    if (status === 429) {
        const afterSec = readRetryAfterSec(answer)
        const when = afterSec === undefined ? "later" : `in ${afterSec} s`
        return fail("DPS throttles, and does not look: 429", `Try again ${when}`)
    }
    if (status >= 500) return fail(`DPS has a fault of its own: ${status} ${text}`.trim(), "Try again later")
    return fail(`DPS answers ${status} ${text}`.trim(), "Check DPS's host and the ID scope")
}
