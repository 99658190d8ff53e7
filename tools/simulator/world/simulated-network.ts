// What lies between one board and the cloud: names, TCP, TLS in time, and all that goes wrong with them. No byte
// is lost from the middle of a stream: TCP sends again, and what shows above it is delay, silence or an end.
import { type DelayModel, type Link, linkPair } from "@moorage/runtime"
import type { Clock, Random, Timer } from "@moorage/runtime"
import type { Attempt, ConnectFailure, ConnectHandler, Network, NetworkTarget } from "@moorage/vm"

/** How the network behaves when nothing special befalls it. */
export interface LinkParameters {
    /** One way, least and most. */
    latencyMs: [number, number]
    loss: number
    kbps: number
    dnsMs: number
    tlsMs: number
}

/** How a host that is down answers: with a reset, not at all, or with TCP and then never a byte of TLS. */
export type HostState = "up" | "refuse" | "drop" | "mute"

/** What all boards share: hosts that are down, names that do not resolve. */
export interface Outages {
    hostState(host: string): HostState
    resolves(host: string): boolean
}

/** What happened on a board's network. */
export type NetworkEvent =
    | { kind: "dial"; target: NetworkTarget; others: number }
    | { kind: "open"; target: NetworkTarget }
    | { kind: "fail"; target: NetworkTarget; where: ConnectFailure }
    /** The board ended it. */
    | { kind: "hangUp"; target: NetworkTarget }
    /** The peer ended it, or it broke. */
    | { kind: "lost"; target: NetworkTarget }
    /** Bytes reached the board. */
    | { kind: "heard"; target: NetworkTarget }

export interface BoardNetworkOptions {
    clock: Clock
    random: Random
    parameters: LinkParameters
    outages: Outages
    /** Gets the cloud's end of each connection. */
    acceptLink: (target: NetworkTarget, link: Link) => void
    emit: (event: NetworkEvent) => void
}

/** A resolver that nobody answers is given up after this. */
const DNS_GIVE_UP_MS = 5_000
/** lwIP sends SYN again this long before it gives up (facts 3.2). */
const SYN_GIVE_UP_MS = 18_000
/** First time-out of TCP's retransmission; it doubles up to the longest. */
const RTO_MS = 500
const RTO_MAX_MS = 60_000
/** lwIP's TCP_MAXRTX: after so many the stream is dead, and the board is not told by this model. */
const RETRANSMISSIONS_MAX = 12

/** The road of one board: each direction carries one packet after the other. */
export class BoardNetwork implements Network {
    available = true
    private cutUntilMs = 0
    private connections = 0
    /** Connections and attempts that the board has not ended. */
    private openConnections = 0
    /** Rises when all that is open now falls silent. */
    private silenceGeneration = 0

    constructor(private readonly options: BoardNetworkOptions) {}

    /** Nothing passes until then; what was sent meanwhile is sent again, as TCP does. */
    cutUntil(ms: number): void {
        this.cutUntilMs = Math.max(this.cutUntilMs, ms)
    }

    /** What is open now carries nothing any more, and neither end is told. */
    dropSilently(): void {
        this.silenceGeneration++
    }

    connect(target: NetworkTarget, handler: ConnectHandler): Attempt {
        const dialing = new ConnectionAttempt(this.options, target, handler, {
            delayModel: () => this.delayModel(),
            name: () => `sim:${++this.connections}`,
            release: () => this.openConnections--,
            isCut: () => this.isCut(),
        })
        this.options.emit({ kind: "dial", target, others: this.openConnections })
        this.openConnections++
        dialing.start()
        return dialing
    }

    private isCut(): boolean {
        return this.options.clock.nowMs() < this.cutUntilMs
    }

    private delayModel(): DelayModel {
        const { clock, random, parameters: terms } = this.options
        const born = this.silenceGeneration
        let freeAtMs = 0
        return bytes => {
            if (born !== this.silenceGeneration) return undefined
            const nowMs = clock.nowMs()
            const [least, most] = terms.latencyMs
            const latencyMs = least + (most - least) * random.next()
            const sentMs = this.departureMs(nowMs)
            if (sentMs === undefined) return undefined
            freeAtMs = Math.max(freeAtMs, sentMs) + (bytes * 8) / terms.kbps
            return Math.round(freeAtMs + latencyMs - nowMs)
        }
    }

    /** When a packet gets through: at once, or by one of its retransmissions. */
    private departureMs(nowMs: number): number | undefined {
        const { random, parameters: terms } = this.options
        let atMs = nowMs
        let rtoMs = RTO_MS
        for (let tries = 0; tries <= RETRANSMISSIONS_MAX; tries++) {
            const isLost = atMs < this.cutUntilMs || (terms.loss > 0 && random.next() < terms.loss)
            if (!isLost) return atMs
            atMs += rtoMs
            rtoMs = Math.min(2 * rtoMs, RTO_MAX_MS)
        }
        return undefined
    }
}

/** What a connection needs from its path. */
interface AttemptContext {
    delayModel(): DelayModel
    name(): string
    /** The board has no more of it. */
    release(): void
    isCut(): boolean
}

/** One connection, from the name to its end. */
class ConnectionAttempt implements Attempt {
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
        const { parameters: terms, outages: weather } = this.options
        const resolves = !this.context.isCut() && weather.resolves(this.target.host)
        if (resolves) this.after(terms.dnsMs, () => this.sendSyn())
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
        this.handler.reached()
        if (this.isOver) return
        if (!this.target.tls) this.onOpen()
        else if (state !== "mute") this.doTlsHandshake()
    }

    /** Two round trips, and the chip's reckoning. Cut off for too long, the worker waits for ever (facts 3.2). */
    private doTlsHandshake(): void {
        const trips = Array.from({ length: 4 }, () => this.context.delayModel()(0))
        if (trips.some(ms => ms === undefined)) return
        const tookMs = trips.reduce((sum: number, ms) => sum + (ms ?? 0), 0)
        this.after(tookMs + this.options.parameters.tlsMs, () => this.onOpen())
    }

    private onOpen(): void {
        const { clock, acceptLink: dial, emit: tell } = this.options
        const [mine, peer] = linkPair(clock, this.context.name(), {
            there: this.context.delayModel(),
            back: this.context.delayModel(),
        })
        this.link = mine
        dial(this.target, peer)
        tell({ kind: "open", target: this.target })
        this.handler.opened(this.observed(mine))
    }

    /** The board's end of the link, with an eye on when it ends and who ends it. */
    private observed(link: Link): Link {
        const { emit: tell } = this.options
        const heard: NetworkEvent = { kind: "heard", target: this.target }
        const end = (kind: "hangUp" | "lost") => this.finish(kind)
        return {
            peer: link.peer,
            get pendingBytes() {
                return link.pendingBytes
            },
            listen: handler =>
                link.listen({
                    data: bytes => {
                        tell(heard)
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
