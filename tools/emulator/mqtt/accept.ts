import type { Link } from "@moorage/link"
import type { Timer } from "@moorage/time"
import type { IConnectPacket, Packet } from "mqtt-packet"
import { parseSas } from "../auth/sas.js"
import type { Cloud } from "../cloud.js"
import type { Fault } from "../events.js"
import { underFaults } from "../faults.js"
import { DpsSession, parseDpsUserName } from "./dpssession.js"
import { HubSession, parseHubUserName } from "./hubsession.js"
import { Wire } from "./wire.js"

const ACCEPTED = 0
/** Also what DPS says to a wrong ID scope (facts 1.7). */
const UNAVAILABLE = 3
/** All that IoT Hub ever says to a client it does not take (facts 5.2). */
const NOT_AUTHORIZED = 5
const DAY_MS = 86_400_000

interface Session {
    packet(packet: Packet): void
    ended?(): void
    started?(): void
}

/** Who connects, as far as the user name says. */
interface Visitor {
    service: string
    id: string
    refusal: number
    open: () => Session
}

/** One MQTT connection to the cloud, from its CONNECT to its end. */
class Reception {
    private readonly wire: Wire
    private session: Session | undefined
    private visitor: Visitor | undefined
    private expiry: Timer | undefined

    constructor(
        private readonly cloud: Cloud,
        link: Link
    ) {
        this.wire = new Wire(link, cloud.clock, {
            packet: packet => this.packet(packet),
            closed: why => this.closed(why),
        })
    }

    private packet(packet: Packet): void {
        if (this.session) this.session.packet(packet)
        else if (packet.cmd === "connect" && !this.visitor) this.connect(packet)
        else this.wire.abort("expected CONNECT")
    }

    private connect(packet: IConnectPacket): void {
        const visitor = this.visit(packet)
        this.visitor = visitor
        const { cloud } = this
        const point = { kind: "connect" as const, service: visitor.service, id: visitor.id }
        underFaults(cloud.faults, cloud.clock, point, {
            abort: () => this.wire.abort("injected fault"),
            answer: fault => this.connack(packet, visitor, fault?.connack ?? visitor.refusal),
        })
    }

    private connack(packet: IConnectPacket, visitor: Visitor, returnCode: number): void {
        if (!this.wire.isOpen) return
        const session = returnCode === ACCEPTED ? visitor.open() : undefined
        this.wire.send({ cmd: "connack", returnCode, sessionPresent: false })
        this.cloud.record(visitor.service, { kind: "connack", id: visitor.id, status: returnCode })
        if (!session) {
            this.wire.close("refused")
            return
        }
        this.session = session
        this.wire.keepAlive(packet.keepalive ?? 0)
        session.started?.()
    }

    /** Tells DPS from hubs by the user name. */
    private visit(packet: IConnectPacket): Visitor {
        const userName = packet.username ?? ""
        const dps = parseDpsUserName(userName)
        if (dps) return this.visitDps(packet, dps.idScope, dps.registrationId)
        const hub = parseHubUserName(userName)
        if (hub) return this.visitHub(packet, hub.hostName, hub.deviceId)
        return {
            service: "unknown",
            id: "",
            refusal: NOT_AUTHORIZED,
            open: () => ({ packet: () => undefined }),
        }
    }

    private visitDps(packet: IConnectPacket, idScope: string, registrationId: string): Visitor {
        const { dps } = this.cloud
        const known = idScope === dps.idScope
        const named = packet.clientId.toLowerCase() === registrationId
        return {
            service: "dps",
            id: registrationId,
            refusal: known ? (named ? ACCEPTED : NOT_AUTHORIZED) : UNAVAILABLE,
            open: () =>
                new DpsSession(this.wire, dps, registrationId, packet, (kind, answer) =>
                    this.deliver(kind, registrationId, answer)
                ),
        }
    }

    private visitHub(packet: IConnectPacket, hostName: string, deviceId: string): Visitor {
        const hub = this.cloud.findHub(hostName)
        const token = parseSas(packet.password?.toString() ?? "")
        const device = packet.clientId === deviceId ? hub?.authenticate(deviceId, token) : undefined
        return {
            service: hostName,
            id: deviceId,
            refusal: hub && device ? ACCEPTED : NOT_AUTHORIZED,
            open: () => {
                if (!hub || !device || !token) throw new Error("opened a refused session")
                this.endAt(token.expirySec)
                return new HubSession(this.wire, hub, device, packet, event =>
                    this.cloud.record(hostName, event)
                )
            },
        }
    }

    /** The hub disconnects a device whose token has expired (401003). */
    private endAt(expirySec: number): void {
        const leftMs = expirySec * 1000 - this.cloud.clock.nowMs()
        // A real timer holds 24.8 days at most, a token may live for months.
        this.expiry = this.cloud.clock.after(Math.min(leftMs, DAY_MS), () => {
            if (leftMs > DAY_MS) this.endAt(expirySec)
            else this.wire.close("token expired")
        })
    }

    private deliver(kind: "register" | "poll", id: string, answer: (fault?: Fault) => void): void {
        const { cloud } = this
        const abort = () => this.wire.abort("injected fault")
        underFaults(cloud.faults, cloud.clock, { kind, service: "dps", id }, { abort, answer })
    }

    private closed(why: string): void {
        this.expiry?.cancel()
        this.session?.ended?.()
        if (this.visitor)
            this.cloud.record(this.visitor.service, { kind: "disconnect", id: this.visitor.id, detail: why })
    }
}

/** Serves one MQTT connection, of a DPS client or of a hub's device. */
export function acceptMqtt(cloud: Cloud, link: Link): void {
    new Reception(cloud, link)
}
