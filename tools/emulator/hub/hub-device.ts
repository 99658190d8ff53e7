import type { Clock } from "@moorage/runtime"
import { PacketIds } from "../util/packet-ids.js"
import { type InitialTwin, Twin, type TwinState } from "./twin.js"

/** A cloud-to-device message in the queue of its device. */
export interface DeviceBoundMessage {
    properties: Record<string, string>
    body: Uint8Array
    expiresAtMs: number
    /** The number of deliveries without an acknowledgement. */
    deliveries: number
    /** Set at the first delivery at QoS 1. A repeated delivery has the same packet identifier [MQTT-4.4.0-1]. */
    packetId?: number
}

/** The maximum number of messages in the queue of one device (Microsoft, "IoT Hub quotas and throttling"). */
export const DEVICE_QUEUE_MAX = 50
/** The number of unacknowledged deliveries after which the hub drops a message (hub setting maxDeliveryCount). */
const DELIVERIES_MAX = 10

/** A message in the stored state. The body is Base64. */
type StoredMessage = Omit<DeviceBoundMessage, "body" | "packetId"> & { body: string }

/** A device in the stored state. */
export interface StoredDevice {
    deviceId: string
    keys: string[]
    enabled: boolean
    statusReason: string | null
    statusUpdatedMs?: number
    capabilities: unknown
    etag: string
    generationId: string
    hasConnected: boolean
    isPersistent: boolean
    subscriptions: [filter: string, qos: 0 | 1][]
    twin: TwinState
    waiting: StoredMessage[]
}

/** The operations of a connected device that the hub uses. A transport implements them. */
export interface DeviceSession {
    publish(topic: string, body: Uint8Array | string, qos: 0 | 1): void
    /** Sends a message. At QoS 1, a message that is not acknowledged returns to the queue when the session ends. */
    deliver(message: DeviceBoundMessage, qos: 0 | 1): void
    /** Ends the session. The device sees a closed connection without a reason. */
    close(why: string): void
}

/** Returns the time in .NET ticks: units of 100 ns since the year 1. */
function dotNetTicks(nowMs: number): string {
    return String(BigInt(Math.floor(nowMs)) * 10_000n + 621_355_968_000_000_000n)
}

/** A device identity, its twin, its message queue and its session. */
export class Device {
    enabled = true
    /** The operator's reason for the status. */
    statusReason: string | null = null
    /** The last change of `enabled`. */
    statusUpdatedMs: number | undefined
    capabilities: unknown = { iotEdge: false }
    /** Changes at every write to the identity. */
    etag = ""
    /** The creation time in .NET ticks. It distinguishes this identity from an earlier identity with the same ID. */
    readonly generationId: string
    readonly twin: Twin
    /** Cloud-to-device messages that are not sent yet, oldest first. */
    readonly waiting: DeviceBoundMessage[]
    /** Sent messages without an acknowledgement, by packet identifier. */
    readonly unacknowledged = new Map<number, DeviceBoundMessage>()
    /** Whether the device has ever connected. The hub queues messages only after that (protocol-facts.md, 5.1). */
    hasConnected = false
    /** Whether subscriptions survive the connection: the last CONNECT had clean session 0. */
    isPersistent = false
    readonly packetIds = new PacketIds()
    /** The topic filters of the session and their granted QoS. */
    readonly subscriptions: Map<string, 0 | 1>
    session: DeviceSession | undefined

    /** @param from the twin of a new device, or the stored state of a device */
    constructor(
        readonly deviceId: string,
        /** Base64, primary first. */
        public keys: string[],
        private readonly clock: Clock,
        from: InitialTwin | TwinState | StoredDevice = {}
    ) {
        const stored = "generationId" in from ? from : undefined
        this.generationId = stored?.generationId ?? dotNetTicks(clock.nowMs())
        this.twin = new Twin(clock, "generationId" in from ? from.twin : from)
        this.subscriptions = new Map(stored?.subscriptions)
        const waiting = stored?.waiting ?? []
        this.waiting = waiting.map(message => ({ ...message, body: Buffer.from(message.body, "base64") }))
        if (!stored) return
        const { enabled, statusReason, statusUpdatedMs, capabilities, etag, hasConnected, isPersistent } =
            stored
        Object.assign(this, {
            enabled,
            statusReason,
            statusUpdatedMs,
            capabilities,
            etag,
            hasConnected,
            isPersistent,
        })
    }

    /** The state that must survive the process. Unacknowledged messages are in the queue and are sent again. */
    get stored(): StoredDevice {
        const { deviceId, keys, enabled, statusReason, statusUpdatedMs, capabilities, etag } = this
        const { generationId, hasConnected, isPersistent } = this
        return {
            ...{ deviceId, keys, enabled, statusReason, statusUpdatedMs, capabilities, etag },
            ...{ generationId, hasConnected, isPersistent },
            subscriptions: isPersistent ? [...this.subscriptions] : [],
            twin: this.twin.state,
            waiting: this.undelivered.map(({ properties, body, expiresAtMs, deliveries }) => ({
                ...{ properties, expiresAtMs, deliveries },
                body: Buffer.from(body).toString("base64"),
            })),
        }
    }

    /** All messages that the device has not acknowledged, oldest first. */
    get undelivered(): DeviceBoundMessage[] {
        return [...this.unacknowledged.values(), ...this.waiting]
    }

    /** Returns the QoS of the first subscription that `match` accepts, or undefined if there is none. */
    grantedQos(match: (filter: string) => boolean): 0 | 1 | undefined {
        for (const [filter, qos] of this.subscriptions) if (match(filter)) return qos
        return undefined
    }

    /** Removes and returns the next message to send. Drops expired messages. */
    nextMessage(): DeviceBoundMessage | undefined {
        this.dropExpired()
        return this.waiting.shift()
    }

    /** Puts unacknowledged messages back into the queue, except those with too many deliveries. */
    requeueUnacknowledged(): void {
        const requeued = [...this.unacknowledged.values()].filter(
            ({ deliveries }) => deliveries < DELIVERIES_MAX
        )
        this.unacknowledged.clear()
        this.waiting.unshift(...requeued)
    }

    /** Deletes all messages. @returns the number of messages */
    purge(): number {
        const count = this.undelivered.length
        this.waiting.length = 0
        this.unacknowledged.clear()
        return count
    }

    /** Deletes the expired messages of the queue. */
    dropExpired(): void {
        const nowMs = this.clock.nowMs()
        const valid = this.waiting.filter(({ expiresAtMs }) => expiresAtMs > nowMs)
        if (valid.length < this.waiting.length) this.waiting.splice(0, this.waiting.length, ...valid)
    }
}
