import { isJsonObject, type JsonObject } from "../util/json-object.js"
import type { InitialTwin } from "../hub/twin.js"
import type { Enrollment } from "./enrollments.js"
import { enrollmentDocument } from "./enrollment-document.js"

/** Posts a JSON body to a webhook. The promise rejects if no answer comes. */
export type CallWebhook = (url: string, body: string) => Promise<{ status: number; body: string }>

/** The decision of a webhook. */
export interface CustomAllocation {
    hub: string
    /** Replaces the initial twin of the enrollment. */
    initialTwin?: InitialTwin
    /** Sent to the device. */
    payload?: unknown
}

/** The present assignment of a device. A new device has none. */
export interface CurrentAssignment {
    hub: string
    deviceId: string
}

/** The input of a webhook. */
export interface AllocationRequest {
    registrationId: string
    enrollment: Enrollment
    linkedHubs: string[]
    current: CurrentAssignment | undefined
    /** The payload of the device's register request. */
    payload: unknown
}

/** Returns the body of the POST to the webhook (Microsoft, "Custom allocation policy request"). */
export function formatAllocationRequest(request: AllocationRequest): string {
    const { registrationId, enrollment, linkedHubs, current, payload } = request
    const field = enrollment.enrollmentGroupId === undefined ? "individualEnrollment" : "enrollmentGroup"
    return JSON.stringify({
        [field]: enrollmentDocument(enrollment.base),
        deviceRuntimeContext: {
            registrationId,
            currentIotHubHostName: current?.hub,
            currentDeviceId: current?.deviceId,
            symmetricKey: {},
            payload,
        },
        linkedHubs,
    })
}

function objectOrUndefined(value: unknown): JsonObject | undefined {
    return isJsonObject(value) ? value : undefined
}

/** Returns the decision in the answer of a webhook, or an error message. Known messages are those of DPS. */
export function parseAllocationResponse(
    { status, body }: { status: number; body: string },
    linkedHubs: string[]
): CustomAllocation | string {
    if (status !== 200) return `Custom allocation failed with status code: ${status}`
    let answer: unknown
    try {
        answer = JSON.parse(body)
    } catch {
        return "Custom allocation failed: the webhook's answer is not JSON."
    }
    const fields = objectOrUndefined(answer)
    const name = fields?.iotHubHostName
    const hub = typeof name === "string" ? name.toLowerCase() : undefined
    if (hub === undefined || !linkedHubs.includes(hub))
        return `Custom allocation failed: ${JSON.stringify(name)} is not one of linkedHubs.`
    const twin = objectOrUndefined(fields?.initialTwin)
    const initialTwin = twin && {
        tags: objectOrUndefined(twin.tags) ?? {},
        properties: { desired: objectOrUndefined(objectOrUndefined(twin.properties)?.desired) ?? {} },
    }
    return { hub, initialTwin, payload: fields?.payload }
}
