import type { Device } from "../../hub/hub-device.js"
import { HubError } from "../../hub/hub-error.js"
import { type ServiceAnswer, objectBody } from "./service-call.js"
import { ServiceError } from "./service-errors.js"
import { type HubCall, requiredDevice } from "./hub-call.js"

const RESPONSE_TIMEOUT_SEC = { min: 5, max: 300, default: 30 }
const CONNECT_TIMEOUT_SEC = { min: 0, max: 300, default: 0 }
/** How often a call that waits for its device looks whether it is there. */
const LOOK_MS = 100

function seconds(value: unknown, name: string, limits: typeof RESPONSE_TIMEOUT_SEC): number {
    if (value === undefined || value === null) return limits.default
    if (typeof value === "number" && value >= limits.min && value <= limits.max) return value
    throw new ServiceError(400, 400000, `${name} is ${limits.min} to ${limits.max}.`)
}

function takesMethods(device: Device): boolean {
    return (
        device.session !== undefined &&
        device.granted(filter => filter.startsWith("$iothub/methods/")) !== undefined
    )
}

/** Waits until the device is connected and subscribed, as long as the caller said. @throws ServiceError 404103 */
async function connected(call: HubCall, deviceId: string, limitSec: number): Promise<void> {
    const { clock } = call.cloud
    const endMs = clock.nowMs() + limitSec * 1000
    while (!takesMethods(requiredDevice(call.hub, deviceId))) {
        if (clock.nowMs() >= endMs)
            throw new ServiceError(404, 404103, "Timed out waiting for device to connect.")
        await new Promise<void>(resolve => clock.after(LOOK_MS, resolve))
    }
}

/** Direct method (IoT Hub, "Understand and invoke direct methods"). */
export async function invokeMethod(call: HubCall): Promise<ServiceAnswer> {
    const deviceId = requiredDevice(call.hub, call.params[0]).deviceId
    const body = objectBody(call)
    const { methodName } = body
    if (typeof methodName !== "string" || methodName === "")
        throw new ServiceError(400, 400000, "methodName is missing.")
    const responseSec = seconds(
        body.responseTimeoutInSeconds,
        "responseTimeoutInSeconds",
        RESPONSE_TIMEOUT_SEC
    )
    const connectSec = seconds(body.connectTimeoutInSeconds, "connectTimeoutInSeconds", CONNECT_TIMEOUT_SEC)
    await connected(call, deviceId, connectSec)
    try {
        const timeoutMs = responseSec * 1000
        const result = await call.hub.invokeMethod(deviceId, methodName, body.payload, { timeoutMs })
        return { status: 200, json: result }
    } catch (error) {
        if (!(error instanceof HubError) || error.code !== 504101) throw error
        throw new ServiceError(504, 504101, "Timed out waiting for the response from device.")
    }
}
