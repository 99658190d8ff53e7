// What DPS answers, over MQTT and HTTPS alike: a status, a JSON body, a retry-after. Pure.

import { Fault, FaultKind } from "../contract/fault"

/** An answer that is no fault. */
export interface DpsAnswer {
    /** `assigned`, `assigning`, or `unassigned` (404, null: DPS knows no such registration or operation). */
    status: string
    /** As DPS said, or 0. */
    retryAfterSec: number
    operationId: string
    hub: string
    deviceId: string
}

const UNASSIGNED = "unassigned"

/**
 * Reads the answer of register and operation status (nested `registrationState`) or of the status
 * lookup (flat).
 * @throws Fault for a refusal, a fault of the service, `failed`, `disabled` and what makes no sense
 */
export function readAnswer(status: number, text: string, retryAfterSec: number): DpsAnswer {
    let body: any
    try {
        // The lookup of a board that never registered may answer null (seed), or nothing at all.
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
            const words = state.errorMessage || top.message || verdict
            const message = "DPS " + (state.errorCode || status) + " " + words
            let kind = FaultKind.ServerError
            if (status === 429) kind = FaultKind.Throttled
            else if (status === 401 || status === 403) kind = FaultKind.Refused
            else if (verdict || (status >= 400 && status < 500)) kind = FaultKind.Rejected
            throw new Fault(kind, message, retryAfterSec)
        }
    }
}
