import { type ServiceAnswer, noContentAnswer } from "./service-call.js"
import { ServiceError } from "./service-errors.js"
import { type HubCall, requireDevice } from "./hub-call.js"

/** The maximum length of a cloud-to-device message (Microsoft, "IoT Hub quotas and throttling"). */
const MESSAGE_MAX_BYTES = 64 * 1024

/** The headers of system properties, and the names of these properties in the device's topic. */
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

/** Returns the expiry time in ms, or undefined if the message has none. @throws ServiceError 400 */
function readExpiry(text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    const atMs = Date.parse(text)
    if (Number.isNaN(atMs)) throw new ServiceError(400, 400000, "iothub-expiry must be a time.")
    return atMs
}

function readDeviceId(to: string): string {
    const match = /^\/devices\/([^/]+)\/messages\/devicebound$/i.exec(to)
    try {
        if (match) return decodeURIComponent(match[1])
    } catch {
        // The percent-encoding is malformed.
    }
    throw new ServiceError(400, 400000, "iothub-to must be /devices/{id}/messages/devicebound.")
}

/** Sends a cloud-to-device message. The headers contain its properties. @throws ServiceError, HubError */
export function sendToDevice(call: HubCall): ServiceAnswer {
    const { deviceId } = requireDevice(call.hub, readDeviceId(call.headers["iothub-to"] ?? ""))
    if (call.body.length > MESSAGE_MAX_BYTES)
        throw new ServiceError(
            413,
            413001,
            `The message is ${call.body.length} bytes long (maximum ${MESSAGE_MAX_BYTES}).`
        )
    const properties = readProperties(call.headers)
    call.hub.sendToDevice(deviceId, call.body, properties, readExpiry(properties["$.exp"]))
    return noContentAnswer()
}

/** Deletes the queued messages of a device. @throws ServiceError 404001 */
export function purgeCommands(call: HubCall): ServiceAnswer {
    const { deviceId } = requireDevice(call.hub, call.params[0])
    const totalMessagesPurged = call.hub.purge(deviceId)
    return { status: 200, json: { totalMessagesPurged, deviceId, moduleId: null } }
}
