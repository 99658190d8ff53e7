import type {
    IConnectPacket,
    IPublishPacket,
    ISubscribePacket,
    IUnsubscribePacket,
    Packet,
} from "mqtt-packet"
import type { Device, DeviceBoundMessage, DeviceSession } from "../hub/hub-device.js"
import type { Hub } from "../hub/hub.js"
import {
    isDeviceBoundFilter,
    deviceBoundTopic,
    type DeviceTopic,
    isHubFilter,
    parseDeviceTopic,
    twinResponseTopic,
} from "../hub/hub-topics.js"
import type { MqttWire } from "./mqtt-wire.js"

/** The user name of a hub client: host name and device ID, then `/?`. */
const USER_NAME = /^([^/]+)\/([^/]+)\/\?(.*)$/

/** Returns the host name and the device ID of a hub user name, or undefined for any other user name. */
export function parseHubUserName(userName: string): { hostName: string; deviceId: string } | undefined {
    const match = USER_NAME.exec(userName)
    return match ? { hostName: match[1].toLowerCase(), deviceId: match[2] } : undefined
}

/** The maximum size of a device-to-cloud message with its properties (protocol-facts.md, 4). */
const MESSAGE_MAX_BYTES = 256 * 1024

/** The session of one device at its hub (protocol-facts.md, 5). */
export class HubSession implements DeviceSession {
    private will: IConnectPacket["will"]
    private readonly isClean: boolean
    readonly isPresent: boolean

    constructor(
        private readonly wire: MqttWire,
        private readonly hub: Hub,
        private readonly device: Device,
        connect: IConnectPacket
    ) {
        this.will = connect.will
        // A device has one connection. A new connection closes the old one (400027).
        device.session?.close("another connection of this device")
        this.isClean = connect.clean ?? false
        if (this.isClean) {
            device.subscriptions.clear()
            device.purge()
        }
        this.isPresent = !this.isClean && device.isPersistent
        device.isPersistent = !this.isClean
        device.hasConnected = true
        device.session = this
        hub.markChanged(device)
    }

    /** Called after CONNACK. A hub whose daily quota is used up closes the connection now (protocol-facts.md, 5.2). */
    onStarted(): void {
        if (this.hub.throttle.isSpent) this.wire.close("daily quota spent")
        else this.hub.deliverWaiting(this.device)
    }

    /** Processes a packet of the device. */
    onPacket(packet: Packet): void {
        switch (packet.cmd) {
            case "publish":
                this.onPublish(packet)
                break
            case "subscribe":
                this.onSubscribe(packet)
                break
            case "unsubscribe":
                this.onUnsubscribe(packet)
                break
            case "puback":
                if (this.device.unacknowledged.delete(packet.messageId ?? 0))
                    this.hub.markChanged(this.device)
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
        this.publishPacket(topic, body, qos ? this.device.packetIds.next() : undefined)
    }

    deliver(message: DeviceBoundMessage, qos: 0 | 1): void {
        const topic = deviceBoundTopic(this.device.deviceId, message.properties)
        if (!qos) {
            this.publishPacket(topic, message.body)
            return
        }
        const dup = message.packetId !== undefined
        message.packetId ??= this.device.packetIds.next()
        message.deliveries++
        this.device.unacknowledged.set(message.packetId, message)
        this.publishPacket(topic, message.body, message.packetId, dup)
    }

    close(why: string): void {
        this.wire.close(why)
    }

    /** Sends the will and puts unacknowledged messages back into the queue. */
    onEnded(): void {
        if (this.device.session === this) this.device.session = undefined
        if (this.isClean) this.device.subscriptions.clear()
        this.device.requeueUnacknowledged()
        this.hub.markChanged(this.device)
        if (this.will) this.sendWill(this.will)
    }

    /** Records a will as telemetry. A will with another topic is ignored (protocol-facts.md, 5.4). */
    private sendWill(will: NonNullable<IConnectPacket["will"]>): void {
        const topic = parseDeviceTopic(will.topic, this.device.deviceId)
        if (topic?.kind !== "telemetry") return
        const properties = { ...topic.properties, "iothub-MessageType": "Will" }
        this.hub.recordTelemetry(this.device, will.payload.toString(), properties)
    }

    /** Sends PUBLISH, at QoS 1 if there is a packet identifier. */
    private publishPacket(topic: string, body: Uint8Array | string, messageId?: number, dup = false): void {
        const payload = typeof body === "string" ? body : Buffer.from(body)
        const qos = messageId ? 1 : 0
        this.wire.send({ cmd: "publish", topic, payload, qos, dup, retain: false, messageId })
    }

    private onPublish(packet: IPublishPacket): void {
        const { quirks } = this.hub
        if (packet.qos === 2 && quirks.qos2Publish === "close") {
            this.wire.abort("QoS 2 is not supported")
            return
        }
        const topic = parseDeviceTopic(packet.topic, this.device.deviceId)
        if (topic) this.handlePublish(packet, topic)
        else if (quirks.unknownTopic === "close") this.wire.abort("unknown topic")
        else this.acknowledge(packet, 0)
    }

    private handlePublish(packet: IPublishPacket, topic: DeviceTopic): void {
        const { hub, device } = this
        const isTelemetry = topic.kind === "telemetry"
        const waitSec = isTelemetry ? hub.throttle.publish() : 0
        const bytes = packet.payload.length + packet.topic.length
        if (waitSec === undefined) {
            this.wire.close("throttled")
            return
        }
        if (isTelemetry && bytes > MESSAGE_MAX_BYTES) {
            this.wire.abort("message too large")
            return
        }
        if (!hub.throttle.meter(bytes) && isTelemetry) {
            this.wire.close("daily quota spent")
            return
        }
        const body = packet.payload.toString()
        switch (topic.kind) {
            case "telemetry":
                // The hub does not retain the message. It passes the flag on as a property (protocol-facts.md, 5.4).
                if (packet.retain) topic.properties[hub.quirks.retainProperty] = "true"
                hub.recordTelemetry(device, body, topic.properties)
                break
            case "methodResponse":
                hub.completeMethod(device.deviceId, {
                    requestId: topic.requestId,
                    status: topic.status,
                    body,
                })
                break
            case "twinGet":
                this.publishTwinResponse(twinResponseTopic(200, topic.requestId), device.twin.toBody())
                break
            case "twinReported": {
                const version = hub.report(device, body)
                const status = version === undefined ? 400 : 204
                this.publishTwinResponse(twinResponseTopic(status, topic.requestId, version), "")
                break
            }
        }
        this.acknowledge(packet, waitSec)
    }

    private acknowledge({ qos, messageId }: IPublishPacket, waitSec: number): void {
        if (qos === 0) return
        const puback = () => this.wire.send({ cmd: "puback", messageId } as Packet)
        this.hub.runAfter(waitSec, () => this.hub.whenDurable(puback))
    }

    private publishTwinResponse(topic: string, body: string): void {
        const qos = this.device.grantedQos(filter => filter.startsWith("$iothub/twin/res/"))
        if (qos !== undefined) this.hub.whenDurable(() => this.publish(topic, body, qos))
    }

    private onSubscribe(packet: ISubscribePacket): void {
        const { subscriptions, deviceId } = this.device
        const granted = packet.subscriptions.map(({ topic, qos }) => {
            // IoT Hub accepts five filters per SUBSCRIBE, and a device has fewer filters.
            if (!isHubFilter(topic, deviceId)) return 128
            subscriptions.set(topic, qos === 0 ? 0 : 1)
            return qos === 0 ? 0 : 1
        })
        this.hub.markChanged(this.device)
        this.wire.send({ cmd: "suback", messageId: packet.messageId, granted } as Packet)
        if (packet.subscriptions.some(({ topic }) => isDeviceBoundFilter(topic)))
            this.hub.deliverWaiting(this.device)
    }

    private onUnsubscribe(packet: IUnsubscribePacket): void {
        for (const topic of packet.unsubscriptions) this.device.subscriptions.delete(topic)
        this.hub.markChanged(this.device)
        this.wire.send({ cmd: "unsuback", messageId: packet.messageId } as Packet)
    }
}
