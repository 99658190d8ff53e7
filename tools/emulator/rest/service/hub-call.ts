import type { Device } from "../../hub/hub-device.js"
import type { Hub } from "../../hub/hub.js"
import type { ServiceCall } from "./service-call.js"
import { ServiceError } from "./service-errors.js"

/** One request to the service API of a hub. */
export interface HubCall extends ServiceCall {
    hub: Hub
}

/** The value of a time that is not set. */
export const ZERO_TIME = "0001-01-01T00:00:00Z"

/** Returns a device. @throws ServiceError 404001 if it does not exist */
export function requireDevice(hub: Hub, deviceId: string): Device {
    const device = hub.device(deviceId)
    if (!device) throw new ServiceError(404, 404001, `Device ${deviceId} not registered`)
    return device
}

/** Returns whether `text` is a device ID (Microsoft, "Understand the identity registry", Device identity properties). */
export function isDeviceId(text: unknown): text is string {
    return typeof text === "string" && /^[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}$/.test(text)
}
