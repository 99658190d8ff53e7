import type { IConnectPacket, IPublishPacket, ISubscribePacket, Packet } from "mqtt-packet"
import { parseSas } from "@moorage/protocol"
import type { DpsResponse } from "../dps/dps-bodies.js"
import type { Caller, DpsService } from "../dps/dps-service.js"
import type { InjectedFault } from "../faults/injected-fault.js"
import { PacketIds } from "../util/packet-ids.js"
import type { MqttWire } from "./mqtt-wire.js"

const FILTER = "$dps/registrations/res/#"
const REGISTER = /^\$dps\/registrations\/PUT\/iotdps-register\/\?\$rid=([^&]+)/
const POLL = /^\$dps\/registrations\/GET\/iotdps-get-operationstatus\/\?\$rid=([^&]+)&operationId=([^&]+)/

/** The user name of a DPS client: scope, registration ID; with `/api-version=`, without the hub's `?`. */
const USER_NAME = /^([^/]+)\/registrations\/([^/]+)\/api-version=([^&]+)/

/** Who a DPS user name says connects, or undefined when it is none. */
export function parseDpsUserName(userName: string): { idScope: string; registrationId: string } | undefined {
    const match = USER_NAME.exec(userName)
    return match ? { idScope: match[1], registrationId: match[2].toLowerCase() } : undefined
}

/** One device's conversation with DPS over MQTT (facts 1.2 to 1.6). */
export class DpsSession {
    /** DPS keeps no session, whatever CONNECT asks for (facts 1.2). */
    readonly isPresent = false
    private readonly caller: Caller
    private readonly packetIds = new PacketIds()
    private granted: 0 | 1 | undefined

    constructor(
        private readonly wire: MqttWire,
        private readonly dps: DpsService,
        registrationId: string,
        connect: IConnectPacket,
        /** Runs an answer now, later, or never: where faults come in. */
        private readonly deliver: (kind: "register" | "poll", answer: (fault?: InjectedFault) => void) => void
    ) {
        this.caller = { registrationId, token: parseSas(connect.password?.toString() ?? "") }
    }

    onPacket(packet: Packet): void {
        switch (packet.cmd) {
            case "subscribe":
                this.onSubscribe(packet)
                break
            case "publish":
                this.onPublish(packet)
                break
            case "unsubscribe":
                if (packet.unsubscriptions.includes(FILTER)) this.granted = undefined
                this.wire.send({ cmd: "unsuback", messageId: packet.messageId } as Packet)
                break
            case "pingreq":
                this.wire.send({ cmd: "pingresp" })
                break
            case "puback":
                break
            case "disconnect":
                this.wire.close("disconnected by the client")
                break
            default:
                this.wire.abort(`unexpected ${packet.cmd}`)
        }
    }

    /** The one filter there is; QoS 2 is granted as 1. */
    private onSubscribe(packet: ISubscribePacket): void {
        const granted = packet.subscriptions.map(({ topic, qos }) => {
            if (topic !== FILTER) return 128
            this.granted = qos === 0 ? 0 : 1
            return this.granted
        })
        this.wire.send({ cmd: "suback", messageId: packet.messageId, granted } as Packet)
    }

    /** PUBACK first: the C# SDK fails on any other order (facts 1.5). */
    private onPublish(packet: IPublishPacket): void {
        const { quirks } = this.dps
        if (packet.qos === 2 && quirks.qos2Publish === "close") {
            this.wire.abort("QoS 2 is not supported")
            return
        }
        if (packet.qos > 0) this.wire.send({ cmd: "puback", messageId: packet.messageId } as Packet)
        const register = REGISTER.exec(packet.topic)
        const poll = POLL.exec(packet.topic)
        if (register)
            this.answer("register", register[1], fault =>
                this.dps.register(this.caller, packet.payload.toString(), fault)
            )
        else if (poll) this.answer("poll", poll[1], fault => this.dps.poll(this.caller, poll[2], fault))
        else if (quirks.unknownTopic === "close") this.wire.abort("unknown topic")
    }

    private answer(
        kind: "register" | "poll",
        requestId: string,
        work: (fault?: InjectedFault) => DpsResponse
    ): void {
        this.deliver(kind, fault => {
            const response = work(fault)
            const after = response.retryAfterSec === undefined ? "" : `&retry-after=${response.retryAfterSec}`
            const topic = `$dps/registrations/res/${response.status}/?$rid=${requestId}${after}`
            this.dps.whenDurable(() => {
                if (this.granted !== undefined) this.publish(topic, response.body, this.granted)
            })
        })
    }

    private publish(topic: string, payload: string, qos: 0 | 1): void {
        const messageId = qos ? this.packetIds.next() : undefined
        this.wire.send({ cmd: "publish", topic, payload, qos, dup: false, retain: false, messageId })
    }
}
