// The answers of DPS. MQTT and HTTPS both give a status, a JSON body and a `retry-after`. Pure.

import { Fault, FaultKind } from "../contract/fault"

/** An answer that is not a failure. */
export interface DpsAnswer {
    /** `assigned`, `assigning`, or `unassigned` (404, null: DPS does not know the registration or the operation). */
    status: string
    /** `retry-after` of DPS in s, 0 for none. */
    retryAfterSec: number
    operationId: string
    hub: string
    deviceId: string
}

const UNASSIGNED = "unassigned"

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
    let verdict = "" + (top.status || "")
    if (status === 404 || (status === 200 && body === null)) verdict = UNASSIGNED
    else if (status === 202) verdict = "assigning"
    else if (status !== 200 || (verdict === "assigned" && !(state.assignedHub && state.deviceId)))
        verdict = ""
    switch (verdict) {
        case "assigned":
        case "assigning":
        case UNASSIGNED:
            return {
                status: verdict,
                retryAfterSec,
                operationId: top.operationId,
                hub: state.assignedHub,
                deviceId: state.deviceId,
            }
        default: {
            const description = state.errorMessage || top.message || verdict
            const message = "DPS " + (state.errorCode || status) + " " + description
            let kind = FaultKind.ServerError
            if (status === 429) kind = FaultKind.Throttled
            else if (status === 401 || status === 403) kind = FaultKind.Refused
            else if (verdict || (status >= 400 && status < 500)) kind = FaultKind.Rejected
            throw new Fault(kind, message, retryAfterSec)
        }
    }
}
