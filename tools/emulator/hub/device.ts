import { Twin } from "./twin.js"

/** A cloud-to-device message that waits for its device. */
export interface DeviceBound {
    properties: Record<string, string>
    body: Uint8Array
}

/** How many messages may wait for one device (IoT Hub quotas). */
export const DEVICE_BOUND_MAX = 50

/** What a device's session lets the hub do to it. */
export interface DeviceSession {
    /** @param message waits again when the session ends before it was acknowledged */
    publish(topic: string, body: Uint8Array | string, qos: 0 | 1, message?: DeviceBound): void
    /** Ends the session; the device sees a closed connection and no reason. */
    close(why: string): void
}

/** An entry of the identity registry, and what the hub keeps for it. */
export class Device {
    enabled = true
    readonly twin = new Twin()
    readonly waiting: DeviceBound[] = []
    /** Filters of a persistent session and their granted QoS. */
    readonly subscriptions = new Map<string, 0 | 1>()
    session: DeviceSession | undefined

    constructor(
        readonly deviceId: string,
        /** Base64, primary first. */
        public keys: string[]
    ) {}

    /** QoS granted for what `match` accepts, or undefined when nothing of it is subscribed to. */
    granted(match: (filter: string) => boolean): 0 | 1 | undefined {
        for (const [filter, qos] of this.subscriptions) if (match(filter)) return qos
        return undefined
    }
}
