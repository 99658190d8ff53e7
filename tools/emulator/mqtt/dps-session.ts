import type { IPublishPacket, ISubscribePacket, Packet } from "mqtt-packet"
import type { DpsResponse } from "../dps/dps-bodies.js"
import type { Caller, DpsService } from "../dps/dps-service.js"
import type { InjectedFault } from "../faults/injected-fault.js"
import { PacketIds } from "../util/packet-ids.js"
import type { MqttWire } from "./mqtt-wire.js"

const FILTER = "$dps/registrations/res/#"
const REGISTER = /^\$dps\/registrations\/PUT\/iotdps-register\/\?\$rid=([^&]+)/
const POLL = /^\$dps\/registrations\/GET\/iotdps-get-operationstatus\/\?\$rid=([^&]+)&operationId=([^&]+)/

/** The user name of a DPS client: ID scope and registration ID, then `/api-version=` without the `?` of a hub client. */
const USER_NAME = /^([^/]+)\/registrations\/([^/]+)\/api-version=([^&]+)/

/** Returns the ID scope and the registration ID of a DPS user name, or undefined for any other user name. */
export function parseDpsUserName(userName: string): { idScope: string; registrationId: string } | undefined {
    const match = USER_NAME.exec(userName)
    return match ? { idScope: match[1], registrationId: match[2].toLowerCase() } : undefined
}

/** The session of one device at DPS (protocol-facts.md, 1.2 to 1.6). */
export class DpsSession {
    /** DPS stores no sessions, whatever CONNECT requests (protocol-facts.md, 1.2). */
    readonly isPresent = false
    private readonly packetIds = new PacketIds()
    /** The QoS of the subscription, or undefined if the client has not subscribed. */
    private grantedQos: 0 | 1 | undefined

    constructor(
        private readonly wire: MqttWire,
        private readonly dps: DpsService,
        private readonly caller: Caller,
        /** Calls `answer` immediately, later or never, as the injected fault says. */
        private readonly applyFault: (
            kind: "register" | "poll",
            answer: (fault?: InjectedFault) => void
        ) => void
    ) {}

    /** Processes a packet of the client. */
    onPacket(packet: Packet): void {
        switch (packet.cmd) {
            case "subscribe":
                this.onSubscribe(packet)
                break
            case "publish":
                this.onPublish(packet)
                break
            case "unsubscribe":
                if (packet.unsubscriptions.includes(FILTER)) this.grantedQos = undefined
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

    /** Accepts the only filter of DPS. QoS 2 is granted as 1. */
    private onSubscribe(packet: ISubscribePacket): void {
        const granted = packet.subscriptions.map(({ topic, qos }) => {
            if (topic !== FILTER) return 128
            this.grantedQos = qos === 0 ? 0 : 1
            return this.grantedQos
        })
        this.wire.send({ cmd: "suback", messageId: packet.messageId, granted } as Packet)
    }

    /** Sends PUBACK before the answer. The C# SDK fails on any other order (protocol-facts.md, 1.5). */
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
        this.applyFault(kind, fault => {
            const response = work(fault)
            const after = response.retryAfterSec === undefined ? "" : `&retry-after=${response.retryAfterSec}`
            const topic = `$dps/registrations/res/${response.status}/?$rid=${requestId}${after}`
            this.dps.whenDurable(() => {
                if (this.grantedQos !== undefined) this.publish(topic, response.body, this.grantedQos)
            })
        })
    }

    private publish(topic: string, payload: string, qos: 0 | 1): void {
        const messageId = qos ? this.packetIds.next() : undefined
        this.wire.send({ cmd: "publish", topic, payload, qos, dup: false, retain: false, messageId })
    }
}
