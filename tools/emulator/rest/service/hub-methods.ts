import type { Device } from "../../hub/hub-device.js"
import { HubError } from "../../hub/hub-error.js"
import { type ServiceAnswer, objectBody } from "./service-call.js"
import { ServiceError } from "./service-errors.js"
import { type HubCall, requireDevice } from "./hub-call.js"

const RESPONSE_TIMEOUT_SEC = { min: 5, max: 300, default: 30 }
const CONNECT_TIMEOUT_SEC = { min: 0, max: 300, default: 0 }
/** The interval in which a call checks whether its device is connected. */
const POLL_INTERVAL_MS = 100

function readSeconds(value: unknown, name: string, limits: typeof RESPONSE_TIMEOUT_SEC): number {
    if (value === undefined || value === null) return limits.default
    if (typeof value === "number" && value >= limits.min && value <= limits.max) return value
    throw new ServiceError(400, 400000, `${name} must be from ${limits.min} to ${limits.max}.`)
}

function isReadyForMethods(device: Device): boolean {
    return (
        device.session !== undefined &&
        device.grantedQos(filter => filter.startsWith("$iothub/methods/")) !== undefined
    )
}

/** Waits until the device is connected and subscribed. @throws ServiceError 404103 after `limitSec` */
async function waitUntilReady(call: HubCall, deviceId: string, limitSec: number): Promise<void> {
    const { clock } = call.cloud
    const endMs = clock.nowMs() + limitSec * 1000
    while (!isReadyForMethods(requireDevice(call.hub, deviceId))) {
        if (clock.nowMs() >= endMs)
            throw new ServiceError(404, 404103, "Timed out waiting for device to connect.")
        await new Promise<void>(resolve => clock.after(POLL_INTERVAL_MS, resolve))
    }
}

/** Calls a direct method (Microsoft, "Understand and invoke direct methods"). @throws ServiceError, HubError */
export async function invokeMethod(call: HubCall): Promise<ServiceAnswer> {
    const deviceId = requireDevice(call.hub, call.params[0]).deviceId
    const body = objectBody(call)
    const { methodName } = body
    if (typeof methodName !== "string" || methodName === "")
        throw new ServiceError(400, 400000, "methodName is missing.")
    const responseSec = readSeconds(
        body.responseTimeoutInSeconds,
        "responseTimeoutInSeconds",
        RESPONSE_TIMEOUT_SEC
    )
    const connectSec = readSeconds(
        body.connectTimeoutInSeconds,
        "connectTimeoutInSeconds",
        CONNECT_TIMEOUT_SEC
    )
    await waitUntilReady(call, deviceId, connectSec)
    try {
        const timeoutMs = responseSec * 1000
        const result = await call.hub.invokeMethod(deviceId, methodName, body.payload, { timeoutMs })
        return { status: 200, json: result }
    } catch (error) {
        if (!(error instanceof HubError) || error.code !== 504101) throw error
        throw new ServiceError(504, 504101, "Timed out waiting for the response from device.")
    }
}
