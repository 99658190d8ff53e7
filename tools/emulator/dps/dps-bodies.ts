import type { Random } from "@moorage/runtime"
import { isJsonObject } from "../util/json-object.js"

/** One registration, as DPS shows it to its device. */
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
    /** What a custom allocation's webhook had for the device. */
    payload?: unknown
}

/** A status and a JSON body: what either transport carries. */
export interface DpsResponse {
    status: number
    body: string
    retryAfterSec?: number
}

function hex(random: Random, bytes: number): string {
    return Buffer.from(random.bytes(bytes)).toString("hex")
}

export function newGuid(random: Random): string {
    return [4, 2, 2, 2, 6].map(bytes => hex(random, bytes)).join("-")
}

/** `<digit>.<16 hex>.<guid>`, as the service makes them. */
export function newOperationId(random: Random): string {
    return `${Math.floor(random.next() * 10)}.${hex(random, 8)}.${newGuid(random)}`
}

/** Base64 of a quoted string. */
export function newEtag(random: Random): string {
    const tag = [4, 2, 2, 2, 6].map(bytes => hex(random, bytes)).join("-")
    return Buffer.from(`"${tag}"`).toString("base64")
}

/** UTC with seven fractional digits, as .NET writes it. */
export function timestamp(nowMs: number): string {
    return `${new Date(nowMs).toISOString().slice(0, -1)}0000Z`
}

/** An error that is not an operation's outcome: no operation ID, no status. */
export function errorResponse(
    status: number,
    errorCode: number,
    message: string,
    random: Random,
    nowMs: number,
    retryAfterSec?: number
): DpsResponse {
    const body = { errorCode, trackingId: newGuid(random), message, timestampUtc: timestamp(nowMs) }
    return { status, body: JSON.stringify(body), retryAfterSec }
}

/**
 * What a register request carries for the webhook. The body may be empty: the C# SDK sends none without a
 * payload (facts 1.5).
 * @throws SyntaxError when it is no JSON object, or names another device
 */
export function registerPayload(body: string, registrationId: string): unknown {
    if (body.trim() === "") return undefined
    const fields: unknown = JSON.parse(body)
    if (!isJsonObject(fields)) throw new SyntaxError("not a JSON object")
    const named = fields.registrationId
    if (typeof named === "string" && named.toLowerCase() !== registrationId)
        throw new SyntaxError("registrationId is another device's")
    return fields.payload ?? undefined
}
