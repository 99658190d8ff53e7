import { isJsonObject, type JsonObject } from "../util/json-object.js"
import type { InitialTwin } from "../hub/twin.js"
import type { Enrollment } from "./enrollments.js"
import { enrollmentDocument } from "./enrollment-document.js"

/** Posts JSON. Rejects when there is no answer. */
export type CallWebhook = (url: string, body: string) => Promise<{ status: number; body: string }>

/** What a webhook decided. */
export interface CustomAllocation {
    hub: string
    /** Counts where the enrollment's own initial twin would. */
    initialTwin?: InitialTwin
    /** Goes back to the device. */
    payload?: unknown
}

/** Where a device is now: not sent at its first registration. */
export interface CurrentAssignment {
    hub: string
    deviceId: string
}

/** Body of the POST to the webhook (DPS, "Custom allocation policy request"). */
export function formatAllocationRequest(
    registrationId: string,
    enrollment: Enrollment,
    linkedHubs: string[],
    current: CurrentAssignment | undefined,
    payload: unknown
): string {
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

/** What the webhook's answer says, or why it says nothing, in the words of DPS where they are known. */
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
