import type { Random } from "@moorage/runtime"
import { isJsonObject } from "../util/json-object.js"

/** One registration as DPS sends it to the device (protocol-facts.md, 1.6). */
export interface RegistrationState {
    registrationId: string
    createdDateTimeUtc?: string
    assignedHub?: string
    deviceId?: string
    status: "unassigned" | "assigning" | "assigned" | "failed" | "disabled"
    substatus?:
        "initialAssignment" | "deviceDataMigrated" | "deviceDataReset" | "reprovisionedToInitialAssignment"
    errorCode?: number
    errorMessage?: string
    lastUpdatedDateTimeUtc?: string
    etag?: string
    /** The payload from the webhook of `custom` allocation. */
    payload?: unknown
}

/** An answer of DPS, independent of the transport. */
export interface DpsResponse {
    status: number
    /** JSON. */
    body: string
    retryAfterSec?: number
}

function hex(random: Random, bytes: number): string {
    return Buffer.from(random.bytes(bytes)).toString("hex")
}

/** Returns a GUID in lower case. */
export function newGuid(random: Random): string {
    return [4, 2, 2, 2, 6].map(bytes => hex(random, bytes)).join("-")
}

/** Returns an operation ID in the form of the service: `<digit>.<16 hex>.<guid>`. */
export function newOperationId(random: Random): string {
    return `${Math.floor(random.next() * 10)}.${hex(random, 8)}.${newGuid(random)}`
}

/** Returns an ETag in the form of the service: the Base64 text of a quoted GUID. */
export function newEtag(random: Random): string {
    return Buffer.from(`"${newGuid(random)}"`).toString("base64")
}

/** Returns the time in UTC with seven fractional digits, as .NET formats it. */
export function timestamp(nowMs: number): string {
    return `${new Date(nowMs).toISOString().slice(0, -1)}0000Z`
}

/** A refusal of a request. `code` starts with the status. */
export interface DpsError {
    status: number
    code: number
    message: string
    retryAfterSec?: number
}

/** Returns the answer for a refused request. It has neither an operation ID nor a registration status. */
export function errorResponse(error: DpsError, random: Random, nowMs: number): DpsResponse {
    const { status, code, message, retryAfterSec } = error
    const body = { errorCode: code, trackingId: newGuid(random), message, timestampUtc: timestamp(nowMs) }
    return { status, body: JSON.stringify(body), retryAfterSec }
}

/**
 * Returns the payload of a register request, for the webhook. The body may be empty: the C# SDK sends no body if there is
 * no payload (protocol-facts.md, 1.5).
 * @throws SyntaxError if the body is not a JSON object, or if it names another device
 */
export function parseRegisterPayload(body: string, registrationId: string): unknown {
    if (body.trim() === "") return undefined
    const fields: unknown = JSON.parse(body)
    if (!isJsonObject(fields)) throw new SyntaxError("not a JSON object")
    const bodyId = fields.registrationId
    if (typeof bodyId === "string" && bodyId.toLowerCase() !== registrationId)
        throw new SyntaxError("registrationId belongs to another device")
    return fields.payload ?? undefined
}
