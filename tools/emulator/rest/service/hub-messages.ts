import { type ServiceAnswer, noContentAnswer } from "./service-call.js"
import { ServiceError } from "./service-errors.js"
import { type HubCall, requireDevice } from "./hub-call.js"

/** A cloud-to-device message is 64 KB at most (IoT Hub quotas). */
const MESSAGE_MAX_BYTES = 64 * 1024

/** System properties that a header gives, as they are named on the device's topic. */
const SYSTEM_PROPERTIES: Record<string, string> = {
    "iothub-messageid": "$.mid",
    "iothub-correlationid": "$.cid",
    "iothub-userid": "$.uid",
    "iothub-to": "$.to",
    "iothub-expiry": "$.exp",
    "iothub-contenttype": "$.ct",
    "iothub-contentencoding": "$.ce",
    "iothub-ack": "iothub-ack",
}

const APP_PREFIX = "iothub-app-"

function readProperties(headers: Record<string, string>): Record<string, string> {
    const properties: Record<string, string> = {}
    for (const [name, value] of Object.entries(headers)) {
        const system = SYSTEM_PROPERTIES[name]
        if (system) properties[system] = value
        else if (name.startsWith(APP_PREFIX)) properties[name.slice(APP_PREFIX.length)] = value
    }
    return properties
}

/** When a message expires, in ms; undefined unless it says. @throws ServiceError 400 */
function readExpiry(text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    const atMs = Date.parse(text)
    if (Number.isNaN(atMs)) throw new ServiceError(400, 400000, "iothub-expiry is not a time.")
    return atMs
}

function readDeviceId(to: string): string {
    const match = /^\/devices\/([^/]+)\/messages\/devicebound$/i.exec(to)
    try {
        if (match) return decodeURIComponent(match[1])
    } catch {
        // Falls through to the refusal.
    }
    throw new ServiceError(400, 400000, "iothub-to is /devices/{id}/messages/devicebound.")
}

/** Cloud to device: the body as it is, the properties in headers. */
export function sendToDevice(call: HubCall): ServiceAnswer {
    const { deviceId } = requireDevice(call.hub, readDeviceId(call.headers["iothub-to"] ?? ""))
    if (call.body.length > MESSAGE_MAX_BYTES)
        throw new ServiceError(413, 413001, `A message is ${MESSAGE_MAX_BYTES} bytes at most.`)
    const properties = readProperties(call.headers)
    call.hub.sendToDevice(deviceId, call.body, properties, readExpiry(properties["$.exp"]))
    return noContentAnswer()
}

/** Drops what waits for a device. */
export function purgeCommands(call: HubCall): ServiceAnswer {
    const { deviceId } = requireDevice(call.hub, call.params[0])
    const totalMessagesPurged = call.hub.purge(deviceId)
    return { status: 200, json: { totalMessagesPurged, deviceId, moduleId: null } }
}
