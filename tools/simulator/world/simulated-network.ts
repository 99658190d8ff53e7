// The network between one board and the cloud: DNS, TCP, the time that TLS takes, and their failures. No byte is lost in
// the middle of a stream, because TCP sends lost packets again. A loss shows as a delay, as silence or as a closed connection.
import { type Clock, type DelayModel, type Link, linkPair, type Random, type Timer } from "@moorage/runtime"
import type { ConnectAttempt, ConnectFailure, ConnectHandler, Network, NetworkTarget } from "@moorage/vm"

/** Latency, loss and bandwidth of the network, apart from events. */
export interface LinkParameters {
    /** Minimum and maximum in one direction. */
    latencyMs: [number, number]
    /** Share of lost packets. */
    loss: number
    /** Kilobits per second in each direction. */
    kbps: number
    dnsMs: number
    /** Computing time of a TLS handshake on the chip. */
    tlsMs: number
}

/** State of a host. A host that is down resets connections, sends no packet, or accepts TCP and sends no byte of TLS. */
export type HostState = "up" | "refuse" | "drop" | "mute"

/** Outages that all boards share. */
export interface Outages {
    hostState(host: string): HostState
    resolves(host: string): boolean
}

/** What happened on a board's network. */
export type NetworkEvent =
    /** The board begins to connect. `others` is the number of its other open connections. */
    | { kind: "dial"; target: NetworkTarget; others: number }
    | { kind: "open"; target: NetworkTarget }
    | { kind: "fail"; target: NetworkTarget; where: ConnectFailure }
    /** The board ended the connection. */
    | { kind: "hangUp"; target: NetworkTarget }
    /** The peer ended the connection, or it broke. */
    | { kind: "lost"; target: NetworkTarget }
    /** The board received bytes. */
    | { kind: "data"; target: NetworkTarget }

export interface BoardNetworkOptions {
    clock: Clock
    random: Random
    parameters: LinkParameters
    outages: Outages
    /** Receives the cloud's end of each connection. */
    acceptLink: (target: NetworkTarget, link: Link) => void
    emit: (event: NetworkEvent) => void
}

/** Time limit for a name that does not resolve. */
const DNS_GIVE_UP_MS = 5_000
/** lwIP repeats SYN for this long (runtime-facts.md, section 3.2). */
const SYN_GIVE_UP_MS = 18_000
/** First timeout of TCP's retransmission. It doubles up to RTO_MAX_MS. */
const RTO_MS = 500
const RTO_MAX_MS = 60_000
/** lwIP's TCP_MAXRTX. After this many retransmissions the stream is dead. This model does not report that to the board. */
const RETRANSMISSIONS_MAX = 12

/** The network of one board. Each direction of a connection sends one packet after the other. */
export class BoardNetwork implements Network {
    isAvailable = true
    private cutUntilMs = 0
    private connections = 0
    /** Connections and attempts that the board has not ended. */
    private openConnections = 0
    /** Increases each time the open connections go silent. */
    private silenceGeneration = 0

    constructor(private readonly options: BoardNetworkOptions) {}

    /** Lets no packet pass until `ms` of the clock. TCP sends the lost packets again. */
    cutUntil(ms: number): void {
        this.cutUntilMs = Math.max(this.cutUntilMs, ms)
    }

    /** Drops all packets of the connections that are open now, without closing them. */
    dropSilently(): void {
        this.silenceGeneration++
    }

    connect(target: NetworkTarget, handler: ConnectHandler): ConnectAttempt {
        const attempt = new ConnectionAttempt(this.options, target, handler, {
            delayModel: () => this.delayModel(),
            name: () => `sim:${++this.connections}`,
            release: () => this.openConnections--,
            isCut: () => this.isCut(),
        })
        this.options.emit({ kind: "dial", target, others: this.openConnections })
        this.openConnections++
        attempt.start()
        return attempt
    }

    private isCut(): boolean {
        return this.options.clock.nowMs() < this.cutUntilMs
    }

    private delayModel(): DelayModel {
        const { clock, random, parameters } = this.options
        const generation = this.silenceGeneration
        let freeAtMs = 0
        return bytes => {
            if (generation !== this.silenceGeneration) return undefined
            const nowMs = clock.nowMs()
            const [minMs, maxMs] = parameters.latencyMs
            const latencyMs = minMs + (maxMs - minMs) * random.next()
            const sentMs = this.departureMs(nowMs)
            if (sentMs === undefined) return undefined
            freeAtMs = Math.max(freeAtMs, sentMs) + (bytes * 8) / parameters.kbps
            return Math.round(freeAtMs + latencyMs - nowMs)
        }
    }

    /** Returns when a packet or one of its retransmissions gets through; undefined if all of them are lost. */
    private departureMs(nowMs: number): number | undefined {
        const { random, parameters } = this.options
        let atMs = nowMs
        let rtoMs = RTO_MS
        for (let attempts = 0; attempts <= RETRANSMISSIONS_MAX; attempts++) {
            const isLost = atMs < this.cutUntilMs || (parameters.loss > 0 && random.next() < parameters.loss)
            if (!isLost) return atMs
            atMs += rtoMs
            rtoMs = Math.min(2 * rtoMs, RTO_MAX_MS)
        }
        return undefined
    }
}

/** What a connection needs from its network. */
interface AttemptContext {
    delayModel(): DelayModel
    name(): string
    /** Called when the board no longer has the connection. */
    release(): void
    isCut(): boolean
}

/** One connection, from the resolution of the name to its end. */
class ConnectionAttempt implements ConnectAttempt {
    private timer: Timer | undefined
    private link: Link | undefined
    private isOver = false

    constructor(
        private readonly options: BoardNetworkOptions,
        private readonly target: NetworkTarget,
        private readonly handler: ConnectHandler,
        private readonly context: AttemptContext
    ) {}

    start(): void {
        const { parameters, outages } = this.options
        const resolves = !this.context.isCut() && outages.resolves(this.target.host)
        if (resolves) this.after(parameters.dnsMs, () => this.sendSyn())
        else this.after(DNS_GIVE_UP_MS, () => this.fail("resolve"))
    }

    abort(): void {
        this.timer?.cancel()
        this.link?.abort()
        this.finish("hangUp")
    }

    private sendSyn(): void {
        const there = this.context.delayModel()(0)
        const back = this.context.delayModel()(0)
        const state = this.options.outages.hostState(this.target.host)
        const tookMs = there === undefined || back === undefined ? Infinity : there + back
        if (state === "drop" || tookMs > SYN_GIVE_UP_MS)
            this.after(SYN_GIVE_UP_MS, () => this.fail("connect"))
        else if (state === "refuse") this.after(tookMs, () => this.fail("connect"))
        else this.after(tookMs, () => this.onTcpConnected(state))
    }

    private onTcpConnected(state: HostState): void {
        this.handler.tcpConnected()
        if (this.isOver) return
        if (!this.target.tls) this.onOpen()
        else if (state !== "mute") this.doTlsHandshake()
    }

    /**
     * Takes two round trips and the computing time of the chip. If all retransmissions of a packet are lost, the socket's
     * worker waits forever (runtime-facts.md, section 3.2).
     */
    private doTlsHandshake(): void {
        const trips = Array.from({ length: 4 }, () => this.context.delayModel()(0))
        if (trips.some(ms => ms === undefined)) return
        const tookMs = trips.reduce((sum: number, ms) => sum + (ms ?? 0), 0)
        this.after(tookMs + this.options.parameters.tlsMs, () => this.onOpen())
    }

    private onOpen(): void {
        const { clock, acceptLink, emit } = this.options
        const [boardEnd, cloudEnd] = linkPair(clock, this.context.name(), {
            there: this.context.delayModel(),
            back: this.context.delayModel(),
        })
        this.link = boardEnd
        acceptLink(this.target, cloudEnd)
        emit({ kind: "open", target: this.target })
        this.handler.opened(this.observed(boardEnd))
    }

    /** Returns the board's end of the link. Reports received bytes, and which side ends the connection. */
    private observed(link: Link): Link {
        const { emit } = this.options
        const data: NetworkEvent = { kind: "data", target: this.target }
        const end = (kind: "hangUp" | "lost") => this.finish(kind)
        return {
            peer: link.peer,
            get pendingBytes() {
                return link.pendingBytes
            },
            listen: handler =>
                link.listen({
                    data: bytes => {
                        emit(data)
                        handler.data(bytes)
                    },
                    closed: error => {
                        end("lost")
                        handler.closed(error)
                    },
                }),
            send: bytes => link.send(bytes),
            close: () => {
                end("hangUp")
                link.close()
            },
            abort: () => {
                end("hangUp")
                link.abort()
            },
            pause: () => link.pause(),
            resume: () => link.resume(),
        }
    }

    private fail(where: ConnectFailure): void {
        if (this.isOver) return
        this.isOver = true
        this.context.release()
        this.options.emit({ kind: "fail", target: this.target, where })
        this.handler.failed(where, `${this.target.host}: ${where}`)
    }

    private finish(kind: "hangUp" | "lost"): void {
        if (this.isOver) return
        this.isOver = true
        this.context.release()
        this.options.emit({ kind, target: this.target })
    }

    private after(ms: number, fn: () => void): void {
        this.timer = this.options.clock.after(ms, fn)
    }
}
