import type { Clock } from "@moorage/time"
import { PacketIds } from "../packetids.js"
import { Twin } from "./twin.js"

/** A cloud-to-device message that waits for its device. */
export interface DeviceBound {
    properties: Record<string, string>
    body: Uint8Array
    /** Given at the first delivery at QoS 1; sent again, it keeps it [MQTT-4.4.0-1]. */
    packetId?: number
}

/** How many messages may wait for one device (IoT Hub quotas). */
export const DEVICE_BOUND_MAX = 50

/** What a device's session lets the hub do to it. */
export interface DeviceSession {
    publish(topic: string, body: Uint8Array | string, qos: 0 | 1): void
    /** Sends a message; at QoS 1 it waits again when the session ends before it was acknowledged. */
    deliver(message: DeviceBound, qos: 0 | 1): void
    /** Ends the session; the device sees a closed connection and no reason. */
    close(why: string): void
}

/** .NET ticks: 100 ns since the year 1. */
function ticks(nowMs: number): string {
    return String(BigInt(Math.floor(nowMs)) * 10_000n + 621_355_968_000_000_000n)
}

/** An entry of the identity registry, and what the hub keeps for it. */
export class Device {
    enabled = true
    /** Why it is disabled, in the operator's words. */
    statusReason: string | null = null
    /** When `enabled` was last changed. */
    statusUpdatedMs: number | undefined
    capabilities: unknown = { iotEdge: false }
    /** Changes at every write to the identity. */
    etag = ""
    /** .NET ticks of its creation: tells this identity from an earlier one of the same name. */
    readonly generationId: string
    readonly twin: Twin
    readonly waiting: DeviceBound[] = []
    /** Cloud-to-device messages are kept from the first session on, not before (facts 5.1). */
    hasConnected = false
    /** Whether subscriptions outlive the connection: the last CONNECT had clean session off. */
    isPersistent = false
    readonly packetIds = new PacketIds()
    /** Filters of the session and their granted QoS. */
    readonly subscriptions = new Map<string, 0 | 1>()
    session: DeviceSession | undefined

    constructor(
        readonly deviceId: string,
        /** Base64, primary first. */
        public keys: string[],
        clock: Clock
    ) {
        this.generationId = ticks(clock.nowMs())
        this.twin = new Twin(clock)
    }

    /** QoS granted for what `match` accepts, or undefined when nothing of it is subscribed to. */
    granted(match: (filter: string) => boolean): 0 | 1 | undefined {
        for (const [filter, qos] of this.subscriptions) if (match(filter)) return qos
        return undefined
    }
}
