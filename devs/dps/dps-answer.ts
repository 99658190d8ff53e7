// The answers of DPS. MQTT and HTTPS both give a status, a JSON body and a `retry-after`. Pure.

import { Fault, FaultKind } from "../contract/fault"

/** An answer that is not a failure. */
export interface DpsAnswer {
    /**
     * `assigned`, `assigning`, `unassigned` (404, no body: DPS does not know the registration or the operation), or
     * `failed` because of an error of the service. Every other `failed` is a Fault.
     */
    status: string
    /** `retry-after` of DPS in s, at most a day, 0 for none. */
    retryAfterSec: number
    /** The error of DPS, for the log. */
    error: string
    operationId: string
    hub: string
    deviceId: string
}

const UNASSIGNED = "unassigned"
export const FAILED = "failed"
/** A `retry-after` of more than a day is probably a mistake. */
export const RETRY_AFTER_MAX_SEC = 86_400

/**
 * Returns the number in the property `name` (lower case) of an MQTT response topic, or 0. The order and the case of the
 * properties do not matter (protocol-facts.md, 1.4).
 */
export function topicParameter(topic: string, name: string): number {
    const query = "&" + topic.slice(topic.indexOf("?") + 1).toLowerCase()
    const key = "&" + name + "="
    const at = query.indexOf(key)
    const value = at < 0 ? 0 : parseInt(query.slice(at + key.length))
    return value > 0 ? value : 0
}

/**
 * Reads an answer to a registration, to a poll (with `registrationState`) or to a status lookup (flat).
 * @param status HTTP status, or the status in the MQTT topic
 * @param text the body
 * @throws Fault for a refusal, a server error, `failed`, `disabled` and an invalid answer
 */
export function readAnswer(status: number, text: string, retryAfterSec: number): DpsAnswer {
    let body: any
    try {
        // A status lookup for a board that never registered may answer null (R19) or nothing.
        body = text ? JSON.parse(text) : null
    } catch (e) {
        body = {}
    }
    const top = body || {}
    const state = top.registrationState || top
    const hub = state.assignedHub
    const deviceId = state.deviceId
    const errorCode = state.errorCode
    let verdict = "" + (top.status || "")
    const mayBeEmpty = status === 200 || status === 204 || status === 304
    if (status === 404 || (mayBeEmpty && body === null)) verdict = UNASSIGNED
    else if (status === 202) verdict = "assigning"
    else if (status !== 200 || (verdict === "assigned" && !(hub && deviceId))) verdict = ""
    const error = "DPS " + (errorCode || status) + " " + (state.errorMessage || top.message || verdict)
    retryAfterSec = retryAfterSec > 0 ? Math.min(RETRY_AFTER_MAX_SEC, retryAfterSec) : 0
    if (
        verdict === "assigned" ||
        verdict === "assigning" ||
        verdict === UNASSIGNED ||
        // An error code is the HTTP status and three digits (protocol-facts.md, 1.6).
        (verdict === FAILED && errorCode >= 500_000)
    )
        return { status: verdict, retryAfterSec, error, operationId: top.operationId, hub, deviceId }
    let kind = FaultKind.ServerError
    if (status === 429) kind = FaultKind.Throttled
    else if (status === 401 || status === 403) kind = FaultKind.Refused
    else if (verdict || (status >= 400 && status < 500)) kind = FaultKind.Rejected
    throw new Fault(kind, error, retryAfterSec)
}
