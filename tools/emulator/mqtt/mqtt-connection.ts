import type { Link } from "@moorage/runtime"
import type { Timer } from "@moorage/runtime"
import type { IConnectPacket, Packet } from "mqtt-packet"
import { parseSas } from "@moorage/protocol"
import type { Cloud } from "../cloud.js"
import type { InjectedFault } from "../faults/injected-fault.js"
import { applyFault } from "../faults/apply-fault.js"
import { DpsSession, parseDpsUserName } from "./dps-session.js"
import { HubSession, parseHubUserName } from "./hub-client-session.js"
import { MqttWire } from "./mqtt-wire.js"

/** CONNACK return codes [MQTT-3.2.2.3]. */
const enum ConnectRefusal {
    /** MQTT 3.1.1 is all that is spoken. */
    ProtocolVersion = 1,
    /** Also what DPS says to a wrong ID scope (facts 1.7). */
    Unavailable = 3,
    /** All that IoT Hub ever says to a client it does not take (facts 5.2). */
    NotAuthorized = 5,
}

const MQTT_3_1_1 = 4
/** 29.45 minutes, whatever keep alive a device asks for (facts 5.4). */
const HUB_SILENCE_MAX_SEC = 1767
/** A real timer holds 24.8 days at most, a token may live for months. */
const TIMER_MAX_MS = 86_400_000

interface MqttSession {
    /** Whether the server kept a session for this client [MQTT-3.2.2-2]. */
    readonly isPresent: boolean
    onPacket(packet: Packet): void
    /** Called after CONNACK. */
    onStarted?(): void
    onEnded?(): void
}

/** Who connects, as far as the user name says. */
interface ConnectRequest {
    service: string
    id: string
    /** How long it may be silent at most; no limit unless given. */
    silenceMaxSec?: number | null
    /** Seconds that the CONNACK must wait, or undefined when the connection is to be closed. */
    queueSec(): number | undefined
    /** Decides, at the moment of CONNACK. */
    authorize(): MqttSession | ConnectRefusal
}

const atOnce = () => 0

/** One MQTT connection to the cloud, from its CONNECT to its end. */
class MqttConnection {
    private readonly wire: MqttWire
    private session: MqttSession | undefined
    private visitor: ConnectRequest | undefined
    private expiry: Timer | undefined

    constructor(
        private readonly cloud: Cloud,
        link: Link
    ) {
        this.wire = new MqttWire(link, cloud.clock, {
            onPacket: packet => this.packet(packet),
            onClosed: why => this.closed(why),
        })
    }

    private packet(packet: Packet): void {
        if (this.session) this.session.onPacket(packet)
        else if (packet.cmd === "connect" && !this.visitor) this.connect(packet)
        else this.wire.abort(this.visitor ? "packet before CONNACK" : "expected CONNECT")
    }

    private connect(packet: IConnectPacket): void {
        const visitor = this.visit(packet)
        this.visitor = visitor
        const { cloud } = this
        const point = { kind: "connect" as const, service: visitor.service, id: visitor.id }
        applyFault(cloud.findFault, cloud.clock, point, {
            abort: () => this.wire.abort("injected fault"),
            truncateAfter: bytes => this.wire.truncateAfter(bytes),
            answer: fault => this.queue(visitor, fault, packet),
        })
    }

    /** A hub over its rate answers late, and closes when it would be too late (facts 4). */
    private queue(visitor: ConnectRequest, fault: InjectedFault | undefined, packet: IConnectPacket): void {
        const waitSec = visitor.queueSec()
        const admit = () => {
            if (!this.wire.isOpen) return
            this.connack(visitor, fault?.connack || visitor.authorize(), packet)
            const closeMs = fault?.closeAfterConnackMs
            if (closeMs !== undefined) this.closeAfter(closeMs)
        }
        if (waitSec === undefined) this.wire.close("throttled")
        else if (waitSec > 0) this.cloud.clock.after(waitSec * 1000, admit)
        else admit()
    }

    private closeAfter(delayMs: number): void {
        const close = () => this.wire.close("injected fault")
        if (delayMs > 0) this.cloud.clock.after(delayMs, close)
        else close()
    }

    private connack(
        visitor: ConnectRequest,
        entered: MqttSession | number,
        { keepalive }: IConnectPacket
    ): void {
        const refused = typeof entered === "number"
        const returnCode = refused ? entered : 0
        this.cloud.record(visitor.service, { kind: "connack", id: visitor.id, status: returnCode })
        this.wire.send({ cmd: "connack", returnCode, sessionPresent: !refused && entered.isPresent })
        if (refused) {
            this.wire.close("refused")
            return
        }
        if (!this.wire.isOpen) {
            entered.onEnded?.()
            return
        }
        this.session = entered
        this.wire.startKeepAlive(keepalive ?? 0, visitor.silenceMaxSec ?? Infinity)
        entered.onStarted?.()
    }

    /** Tells DPS from hubs by the user name. */
    private visit(packet: IConnectPacket): ConnectRequest {
        if (packet.protocolVersion !== MQTT_3_1_1)
            return {
                service: "unknown",
                id: "",
                queueSec: atOnce,
                authorize: () => ConnectRefusal.ProtocolVersion,
            }
        const userName = packet.username ?? ""
        const dps = parseDpsUserName(userName)
        if (dps) return this.visitDps(packet, dps.idScope, dps.registrationId)
        const hub = parseHubUserName(userName)
        if (hub) return this.visitHub(packet, hub.hostName, hub.deviceId)
        return { service: "unknown", id: "", queueSec: atOnce, authorize: () => ConnectRefusal.NotAuthorized }
    }

    private visitDps(packet: IConnectPacket, idScope: string, registrationId: string): ConnectRequest {
        const { dps } = this.cloud
        const enter = () => {
            if (idScope !== dps.idScope) return ConnectRefusal.Unavailable
            if (packet.clientId.toLowerCase() !== registrationId) return ConnectRefusal.NotAuthorized
            const caller = { registrationId, token: parseSas(packet.password?.toString() ?? "") }
            if (dps.quirks.wrongDpsKey === "connack5" && !dps.isEnrolled(caller))
                return ConnectRefusal.NotAuthorized
            return new DpsSession(this.wire, dps, registrationId, packet, (kind, answer) =>
                this.deliver(kind, registrationId, answer)
            )
        }
        const silenceMaxSec = dps.quirks.dpsSilenceMaxSec
        return { service: "dps", id: registrationId, silenceMaxSec, queueSec: atOnce, authorize: enter }
    }

    private visitHub(packet: IConnectPacket, hostName: string, deviceId: string): ConnectRequest {
        const enter = () => {
            const hub = this.cloud.findHub(hostName)
            const token = parseSas(packet.password?.toString() ?? "")
            const device = packet.clientId === deviceId ? hub?.authenticate(deviceId, token) : undefined
            if (!hub || !device || !token) return ConnectRefusal.NotAuthorized
            this.endAt(token.expirySec)
            return new HubSession(this.wire, hub, device, packet, event => this.cloud.record(hostName, event))
        }
        const queueSec = () => {
            const hub = this.cloud.findHub(hostName)
            return hub ? hub.throttle.connect() : 0
        }
        return {
            service: hostName,
            id: deviceId,
            silenceMaxSec: HUB_SILENCE_MAX_SEC,
            queueSec,
            authorize: enter,
        }
    }

    /** The hub disconnects a device whose token has expired (401003). */
    private endAt(expirySec: number): void {
        const leftMs = expirySec * 1000 - this.cloud.clock.nowMs()
        this.expiry = this.cloud.clock.after(Math.min(leftMs, TIMER_MAX_MS), () => {
            if (leftMs > TIMER_MAX_MS) this.endAt(expirySec)
            else this.wire.close("token expired")
        })
    }

    private deliver(kind: "register" | "poll", id: string, answer: (fault?: InjectedFault) => void): void {
        const { cloud } = this
        const abort = () => this.wire.abort("injected fault")
        const cut = (bytes: number) => this.wire.truncateAfter(bytes)
        applyFault(
            cloud.findFault,
            cloud.clock,
            { kind, service: "dps", id },
            { abort, truncateAfter: cut, answer }
        )
    }

    private closed(why: string): void {
        this.expiry?.cancel()
        this.session?.onEnded?.()
        if (this.visitor)
            this.cloud.record(this.visitor.service, { kind: "disconnect", id: this.visitor.id, detail: why })
    }
}

/** Serves one MQTT connection, of a DPS client or of a hub's device. */
export function acceptMqtt(cloud: Cloud, link: Link): void {
    new MqttConnection(cloud, link)
}
