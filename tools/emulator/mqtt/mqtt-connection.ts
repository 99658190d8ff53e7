// MQTT for devices: serves DPS and the hubs over links.
import type { Link, Timer } from "@moorage/runtime"
import type { IConnectPacket, Packet } from "mqtt-packet"
import { parseSasToken } from "../auth/sas-verification.js"
import type { Cloud } from "../cloud.js"
import type { FaultPoint, InjectedFault } from "../faults/injected-fault.js"
import { applyFault } from "../faults/apply-fault.js"
import { DpsSession, parseDpsUserName } from "./dps-session.js"
import { HubSession, parseHubUserName } from "./hub-client-session.js"
import { MqttWire } from "./mqtt-wire.js"

/** CONNACK return codes [MQTT-3.2.2.3]. */
const enum ConnectRefusal {
    /** The client does not use MQTT 3.1.1. */
    ProtocolVersion = 1,
    /** DPS also sends this code for a wrong ID scope (protocol-facts.md, 1.7). */
    Unavailable = 3,
    /** The only code that IoT Hub sends to a refused client (protocol-facts.md, 5.2). */
    NotAuthorized = 5,
}

const MQTT_3_1_1 = 4
/** 29.45 minutes, whatever keep alive a device requests (protocol-facts.md, 5.4). */
const HUB_SILENCE_MAX_SEC = 1767
/** A timer of Node.js runs for at most 24.8 days, but a token may be valid for months. */
const TIMER_MAX_MS = 86_400_000

/** The session of an accepted client. */
interface MqttSession {
    /** Whether the server has stored a session of this client [MQTT-3.2.2-2]. */
    readonly isPresent: boolean
    onPacket(packet: Packet): void
    /** Called after CONNACK. */
    onStarted?(): void
    onEnded?(): void
}

/** A CONNECT and the rules of the service that it addresses. */
interface ConnectRequest {
    service: string
    /** The claimed registration ID or device ID. */
    id: string
    /** The keep alive that the client requests. */
    keepAliveSec: number
    /** The longest permitted silence. Null or undefined is no limit. */
    silenceMaxSec?: number | null
    /** Returns the delay of the CONNACK in seconds, or undefined if the service closes the connection. */
    queueSec(): number | undefined
    /** Decides at the time of the CONNACK. */
    authorize(): MqttSession | ConnectRefusal
}

/** A connection is in one of these states, in this order. A refused client goes from "authorizing" to "closed". */
type ConnectionState =
    | { name: "waitingForConnect" }
    | { name: "authorizing"; request: ConnectRequest }
    | { name: "open"; request: ConnectRequest; session: MqttSession }
    | { name: "closed" }

const noDelay = () => 0

/** One MQTT connection to the cloud, from its CONNECT to its end. */
class MqttConnection {
    private readonly wire: MqttWire
    private state: ConnectionState = { name: "waitingForConnect" }
    private tokenTimer: Timer | undefined

    constructor(
        private readonly cloud: Cloud,
        link: Link
    ) {
        this.wire = new MqttWire(link, cloud.clock, {
            onPacket: packet => this.onPacket(packet),
            onClosed: why => this.onClosed(why),
        })
    }

    private onPacket(packet: Packet): void {
        switch (this.state.name) {
            case "waitingForConnect":
                if (packet.cmd === "connect") this.onConnect(packet)
                else this.wire.abort("expected CONNECT")
                break
            case "authorizing":
                this.wire.abort("packet before CONNACK")
                break
            case "open":
                this.state.session.onPacket(packet)
                break
            case "closed":
                break
        }
    }

    private onClosed(why: string): void {
        const { state } = this
        this.state = { name: "closed" }
        this.tokenTimer?.cancel()
        if (state.name === "open") state.session.onEnded?.()
        if (state.name === "authorizing" || state.name === "open") {
            const { service, id } = state.request
            this.cloud.record(service, { kind: "disconnect", id, detail: why })
        }
    }

    private onConnect(packet: IConnectPacket): void {
        const request = this.readConnect(packet)
        this.state = { name: "authorizing", request }
        this.applyFaultAt({ kind: "connect", service: request.service, id: request.id }, fault =>
            this.delayConnack(request, fault)
        )
    }

    /** Sends CONNACK. A hub over its rate sends it late, or closes the connection (protocol-facts.md, 4). */
    private delayConnack(request: ConnectRequest, fault: InjectedFault | undefined): void {
        const waitSec = request.queueSec()
        const proceed = () => {
            if (!this.wire.isOpen) return
            this.sendConnack(request, fault?.connack || request.authorize())
            const closeMs = fault?.closeAfterConnackMs
            if (closeMs !== undefined) this.closeAfter(closeMs)
        }
        if (waitSec === undefined) this.wire.close("throttled")
        else if (waitSec > 0) this.cloud.clock.after(waitSec * 1000, proceed)
        else proceed()
    }

    private closeAfter(delayMs: number): void {
        const close = () => this.wire.close("injected fault")
        if (delayMs > 0) this.cloud.clock.after(delayMs, close)
        else close()
    }

    private sendConnack(request: ConnectRequest, decision: MqttSession | number): void {
        const isRefused = typeof decision === "number"
        const returnCode = isRefused ? decision : 0
        this.cloud.record(request.service, { kind: "connack", id: request.id, status: returnCode })
        this.wire.send({ cmd: "connack", returnCode, sessionPresent: !isRefused && decision.isPresent })
        if (isRefused) {
            this.wire.close("refused")
            return
        }
        // A fault may close the connection in the middle of the CONNACK.
        if (!this.wire.isOpen) {
            decision.onEnded?.()
            return
        }
        this.state = { name: "open", request, session: decision }
        this.wire.startKeepAlive(request.keepAliveSec, request.silenceMaxSec ?? Infinity)
        decision.onStarted?.()
    }

    /** Finds the service of a CONNECT. The form of the user name distinguishes DPS from a hub. */
    private readConnect(packet: IConnectPacket): ConnectRequest {
        if (packet.protocolVersion !== MQTT_3_1_1)
            return unknownService(packet, ConnectRefusal.ProtocolVersion)
        const userName = packet.username ?? ""
        const dps = parseDpsUserName(userName)
        if (dps) return this.dpsRequest(packet, dps.idScope, dps.registrationId)
        const hub = parseHubUserName(userName)
        if (hub) return this.hubRequest(packet, hub.hostName, hub.deviceId)
        return unknownService(packet, ConnectRefusal.NotAuthorized)
    }

    private dpsRequest(packet: IConnectPacket, idScope: string, registrationId: string): ConnectRequest {
        const { dps } = this.cloud
        const authorize = () => {
            if (idScope !== dps.idScope) return ConnectRefusal.Unavailable
            if (packet.clientId.toLowerCase() !== registrationId) return ConnectRefusal.NotAuthorized
            const caller = { registrationId, token: parseSasToken(packet.password?.toString() ?? "") }
            if (dps.quirks.wrongDpsKey === "connack5" && !dps.isEnrolled(caller))
                return ConnectRefusal.NotAuthorized
            return new DpsSession(this.wire, dps, caller, (kind, answer) =>
                this.applyFaultAt({ kind, service: "dps", id: registrationId }, answer)
            )
        }
        return {
            service: "dps",
            id: registrationId,
            keepAliveSec: packet.keepalive ?? 0,
            silenceMaxSec: dps.quirks.dpsSilenceMaxSec,
            queueSec: noDelay,
            authorize,
        }
    }

    private hubRequest(packet: IConnectPacket, hostName: string, deviceId: string): ConnectRequest {
        const authorize = () => {
            const hub = this.cloud.findHub(hostName)
            const token = parseSasToken(packet.password?.toString() ?? "")
            const device = packet.clientId === deviceId ? hub?.authenticate(deviceId, token) : undefined
            if (!hub || !device || !token) return ConnectRefusal.NotAuthorized
            this.closeAtExpiry(token.expirySec)
            return new HubSession(this.wire, hub, device, packet)
        }
        const queueSec = () => {
            const hub = this.cloud.findHub(hostName)
            return hub ? hub.throttle.connect() : 0
        }
        return {
            service: hostName,
            id: deviceId,
            keepAliveSec: packet.keepalive ?? 0,
            silenceMaxSec: HUB_SILENCE_MAX_SEC,
            queueSec,
            authorize,
        }
    }

    /** Closes the connection when the token expires, as the hub does (401003). */
    private closeAtExpiry(expirySec: number): void {
        const leftMs = expirySec * 1000 - this.cloud.clock.nowMs()
        this.tokenTimer = this.cloud.clock.after(Math.min(leftMs, TIMER_MAX_MS), () => {
            if (leftMs > TIMER_MAX_MS) this.closeAtExpiry(expirySec)
            else this.wire.close("token expired")
        })
    }

    private applyFaultAt(point: FaultPoint, answer: (fault?: InjectedFault) => void): void {
        applyFault(this.cloud, point, {
            abort: () => this.wire.abort("injected fault"),
            truncateAfter: bytes => this.wire.truncateAfter(bytes),
            answer,
        })
    }
}

/** Returns the request of a client that no service accepts. */
function unknownService(packet: IConnectPacket, refusal: ConnectRefusal): ConnectRequest {
    return {
        service: "unknown",
        id: "",
        keepAliveSec: packet.keepalive ?? 0,
        queueSec: noDelay,
        authorize: () => refusal,
    }
}

/** Serves one MQTT connection of a DPS client or of a hub's device. */
export function acceptMqtt(cloud: Cloud, link: Link): void {
    new MqttConnection(cloud, link)
}
