import type {
    IConnectPacket,
    IPublishPacket,
    ISubscribePacket,
    IUnsubscribePacket,
    Packet,
} from "mqtt-packet"
import type { CloudEvent } from "../events.js"
import type { Device, DeviceBound, DeviceSession } from "../hub/device.js"
import type { Hub } from "../hub/hub.js"
import { encodePropertyBag } from "../hub/propertybag.js"
import {
    deviceBoundFilter,
    deviceBoundTopic,
    isHubFilter,
    parseDeviceTopic,
    twinResponseTopic,
} from "../hub/topics.js"
import type { Wire } from "./wire.js"

/** The user name of a hub client: host name, device ID; with `/?`. */
const USER_NAME = /^([^/]+)\/([^/]+)\/\?(.*)$/

/** Who a hub user name says connects, or undefined when it is none. */
export function parseHubUserName(userName: string): { hostName: string; deviceId: string } | undefined {
    const match = USER_NAME.exec(userName)
    return match ? { hostName: match[1].toLowerCase(), deviceId: match[2] } : undefined
}

/** One device's connection to its hub (facts 5). */
export class HubSession implements DeviceSession {
    /** Cloud-to-device messages that the device has not acknowledged. */
    private readonly inFlight = new Map<number, DeviceBound>()
    private will: IConnectPacket["will"]
    private readonly clean: boolean
    readonly isPresent: boolean

    constructor(
        private readonly wire: Wire,
        private readonly hub: Hub,
        private readonly device: Device,
        connect: IConnectPacket,
        private readonly record: (event: Omit<CloudEvent, "atMs" | "service">) => void
    ) {
        this.will = connect.will
        // One connection per device: the newcomer wins (400027).
        device.session?.close("another connection of this device")
        this.clean = connect.clean ?? false
        if (this.clean) {
            device.subscriptions.clear()
            device.waiting.length = 0
        }
        this.isPresent = !this.clean && device.isPersistent
        device.isPersistent = !this.clean
        device.hasConnected = true
        device.session = this
    }

    /** Called after CONNACK. */
    started(): void {
        this.hub.deliverWaiting(this.device)
    }

    packet(packet: Packet): void {
        switch (packet.cmd) {
            case "publish":
                this.received(packet)
                break
            case "subscribe":
                this.subscribe(packet)
                break
            case "unsubscribe":
                this.unsubscribe(packet)
                break
            case "puback":
                if (packet.messageId !== undefined) this.inFlight.delete(packet.messageId)
                break
            case "pingreq":
                this.wire.send({ cmd: "pingresp" })
                break
            case "disconnect":
                this.will = undefined
                this.wire.close("disconnected by the client")
                break
            default:
                this.wire.abort(`unexpected ${packet.cmd}`)
        }
    }

    publish(topic: string, body: Uint8Array | string, qos: 0 | 1): void {
        this.send(topic, body, qos ? this.device.packetIds.next() : undefined)
    }

    deliver(message: DeviceBound, qos: 0 | 1): void {
        const topic = deviceBoundTopic(this.device.deviceId, message.properties)
        if (!qos) {
            this.send(topic, message.body)
            return
        }
        const dup = message.packetId !== undefined
        message.packetId ??= this.device.packetIds.next()
        this.inFlight.set(message.packetId, message)
        this.send(topic, message.body, message.packetId, dup)
    }

    close(why: string): void {
        this.wire.close(why)
    }

    /** The connection is gone: the will is sent, and what was not acknowledged waits again. */
    ended(): void {
        if (this.device.session === this) this.device.session = undefined
        if (this.clean) this.device.subscriptions.clear()
        this.device.waiting.unshift(...this.inFlight.values())
        if (this.will) this.sendWill(this.will)
    }

    /** A will is telemetry, or nothing (facts 5.4). */
    private sendWill(will: NonNullable<IConnectPacket["will"]>): void {
        const topic = parseDeviceTopic(will.topic, this.device.deviceId)
        if (topic?.kind !== "telemetry") return
        this.telemetry(will.payload.toString(), { ...topic.properties, "iothub-MessageType": "Will" })
    }

    /** PUBLISH, at QoS 1 when there is a packet identifier. */
    private send(topic: string, body: Uint8Array | string, messageId?: number, dup = false): void {
        const payload = typeof body === "string" ? body : Buffer.from(body)
        const qos = messageId ? 1 : 0
        this.wire.send({ cmd: "publish", topic, payload, qos, dup, retain: false, messageId })
    }

    private telemetry(body: string, properties: Record<string, string>): void {
        const detail = encodePropertyBag(properties)
        this.record({ kind: "telemetry", id: this.device.deviceId, body, properties, detail })
    }

    private received(packet: IPublishPacket): void {
        const topic = parseDeviceTopic(packet.topic, this.device.deviceId)
        if (!topic || packet.qos === 2) {
            this.wire.abort(topic ? "QoS 2 is not supported" : "unknown topic")
            return
        }
        const waitSec = topic.kind === "telemetry" ? this.hub.throttle.publish() : 0
        if (waitSec === undefined) {
            this.wire.close("throttled")
            return
        }
        const body = packet.payload.toString()
        switch (topic.kind) {
            case "telemetry":
                // Nothing is retained; the flag is passed on (facts 5.4).
                this.telemetry(
                    body,
                    packet.retain ? { ...topic.properties, "mqtt-retain": "true" } : topic.properties
                )
                break
            case "methodResponse":
                this.hub.methodAnswered(this.device.deviceId, topic.requestId, topic.status, body)
                break
            case "twinGet":
                this.twinAnswer(twinResponseTopic(200, topic.requestId), this.device.twin.body())
                break
            case "twinReported": {
                const version = this.device.twin.report(body)
                this.record({ kind: "twin", id: this.device.deviceId, body })
                this.twinAnswer(
                    twinResponseTopic(version === undefined ? 400 : 204, topic.requestId, version),
                    ""
                )
                break
            }
        }
        const acknowledge = () => this.wire.send({ cmd: "puback", messageId: packet.messageId } as Packet)
        if (packet.qos === 1) this.hub.after(waitSec, acknowledge)
    }

    private twinAnswer(topic: string, body: string): void {
        const qos = this.device.granted(filter => filter.startsWith("$iothub/twin/res/"))
        if (qos !== undefined) this.publish(topic, body, qos)
    }

    private subscribe(packet: ISubscribePacket): void {
        const { subscriptions, deviceId } = this.device
        const granted = packet.subscriptions.map(({ topic, qos }) => {
            // IoT Hub takes five at a time, and there are no more than five of these.
            if (!isHubFilter(topic, deviceId)) return 128
            subscriptions.set(topic, qos === 0 ? 0 : 1)
            return qos === 0 ? 0 : 1
        })
        this.wire.send({ cmd: "suback", messageId: packet.messageId, granted } as Packet)
        if (packet.subscriptions.some(({ topic }) => deviceBoundFilter(topic)))
            this.hub.deliverWaiting(this.device)
    }

    private unsubscribe(packet: IUnsubscribePacket): void {
        for (const topic of packet.unsubscriptions) this.device.subscriptions.delete(topic)
        this.wire.send({ cmd: "unsuback", messageId: packet.messageId } as Packet)
    }
}
