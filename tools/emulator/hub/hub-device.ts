import type { Clock } from "@moorage/runtime"
import { PacketIds } from "../util/packet-ids.js"
import { type InitialTwin, Twin, type TwinState } from "./twin.js"

/** A cloud-to-device message that waits for its device. */
export interface DeviceBoundMessage {
    properties: Record<string, string>
    body: Uint8Array
    /** When nobody wants it any more. */
    expiresAtMs: number
    /** How often it was sent without being acknowledged. */
    deliveries: number
    /** Given at the first delivery at QoS 1; sent again, it keeps it [MQTT-4.4.0-1]. */
    packetId?: number
}

/** How many messages may wait for one device (IoT Hub quotas). */
export const DEVICE_QUEUE_MAX = 50
/** A message that was sent so often without being acknowledged is given up (hub setting maxDeliveryCount). */
const DELIVERIES_MAX = 10

/** A message as it is kept. */
type StoredMessage = Omit<DeviceBoundMessage, "body" | "packetId"> & { body: string }

/** An identity and all that belongs to it, as it is kept. */
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

/** What a device's session lets the hub do to it. */
export interface DeviceSession {
    publish(topic: string, body: Uint8Array | string, qos: 0 | 1): void
    /** Sends a message; at QoS 1 it waits again when the session ends before it was acknowledged. */
    deliver(message: DeviceBoundMessage, qos: 0 | 1): void
    /** Ends the session; the device sees a closed connection and no reason. */
    close(why: string): void
}

/** .NET ticks: 100 ns since the year 1. */
function dotNetTicks(nowMs: number): string {
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
    /** Cloud-to-device messages that are not sent, oldest first. */
    readonly waiting: DeviceBoundMessage[]
    /** Those that are sent and not acknowledged, by packet identifier. */
    readonly unacknowledged = new Map<number, DeviceBoundMessage>()
    /** Cloud-to-device messages are kept from the first session on, not before (facts 5.1). */
    hasConnected = false
    /** Whether subscriptions outlive the connection: the last CONNECT had clean session off. */
    isPersistent = false
    readonly packetIds = new PacketIds()
    /** Filters of the session and their granted QoS. */
    readonly subscriptions: Map<string, 0 | 1>
    session: DeviceSession | undefined

    /** @param from its twin, or all that was kept of it */
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

    /** What must outlive the process. What is not acknowledged will be sent again. */
    get kept(): StoredDevice {
        const { deviceId, keys, enabled, statusReason, statusUpdatedMs, capabilities, etag } = this
        const { generationId, hasConnected, isPersistent } = this
        return {
            ...{ deviceId, keys, enabled, statusReason, statusUpdatedMs, capabilities, etag },
            ...{ generationId, hasConnected, isPersistent },
            subscriptions: isPersistent ? [...this.subscriptions] : [],
            twin: this.twin.kept,
            waiting: this.undelivered.map(({ properties, body, expiresAtMs, deliveries }) => ({
                ...{ properties, expiresAtMs, deliveries },
                body: Buffer.from(body).toString("base64"),
            })),
        }
    }

    /** All messages that have not reached the device, oldest first. */
    get undelivered(): DeviceBoundMessage[] {
        return [...this.unacknowledged.values(), ...this.waiting]
    }

    /** QoS granted for what `match` accepts, or undefined when nothing of it is subscribed to. */
    grantedQos(match: (filter: string) => boolean): 0 | 1 | undefined {
        for (const [filter, qos] of this.subscriptions) if (match(filter)) return qos
        return undefined
    }

    /** The next message to send; those whose time is over are dropped. */
    nextMessage(): DeviceBoundMessage | undefined {
        this.dropExpired()
        return this.waiting.shift()
    }

    /** The session is over: what was not acknowledged waits again, until it was sent too often. */
    requeueUnacknowledged(): void {
        const again = [...this.unacknowledged.values()].filter(
            ({ deliveries }) => deliveries < DELIVERIES_MAX
        )
        this.unacknowledged.clear()
        this.waiting.unshift(...again)
    }

    /** Forgets every message. @returns how many */
    purge(): number {
        const count = this.undelivered.length
        this.waiting.length = 0
        this.unacknowledged.clear()
        return count
    }

    dropExpired(): void {
        const nowMs = this.clock.nowMs()
        const fresh = this.waiting.filter(({ expiresAtMs }) => expiresAtMs > nowMs)
        if (fresh.length < this.waiting.length) this.waiting.splice(0, this.waiting.length, ...fresh)
    }
}
