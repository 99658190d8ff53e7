// The ESP32 port's socket (devicescript-esp32, main/sock.c): one worker task with
// a command queue connects and writes; the main loop delivers events and data.
import type { Link } from "@moorage/runtime"
import { ReceiveBuffer } from "./receive-buffer.js"
import { SOCKET_EVENT } from "../runtime/machine.js"
import type { Attempt, ConnectFailure, Network, NetworkTarget } from "./network.js"

/** sock.c: xQueueCreate(50, ...); one more command is refused with -1. */
export const COMMAND_QUEUE_LENGTH = 50
/** sock.c: sockbuf[1024]; the program never sees more in one piece. */
export const CHUNK_BYTES = 1024
/**
 * ESP-IDF's default TCP window and send buffer (4 segments). The window is what
 * can wait for one turn of the main loop, the buffer what a write puts there
 * without waiting for the peer.
 */
export const TCP_WINDOW_BYTES = 5744

/** ESP-IDF's default MBEDTLS_SSL_OUT_CONTENT_LEN; sock.c asserts that a write is shorter. */
const TLS_WRITE_LIMIT_BYTES = 4096

const NO_SOCKET = -10
const QUEUE_FULL = -1

/** What the socket needs from the board. */
export interface SocketHost {
    readonly network: Network
    /** Something happened: the main loop should run at its next tick. */
    wake(): void
    /** Hands an event to the VM. */
    deliver(event: number, payload?: Uint8Array): void
    /** The chip's firmware hit one of its own assertions. */
    abort(message: string): void
    count(
        what: "socketsOpened" | "tlsHandshakes" | "socketErrors" | "bytesSent" | "bytesReceived",
        by?: number
    ): void
}

type Command = { open: NetworkTarget } | { write: Uint8Array }

/** One connection, from the moment the worker takes it up. */
interface SocketSession {
    readonly target: NetworkTarget
    attempt?: Attempt
    /** TCP stands: sock.c has `sock_fd`; the program may write, and close() has an effect. */
    reached: boolean
    /** Set once it is ready; sock.c `is_connected`. */
    open?: { link: Link; inbox: ReceiveBuffer }
}

/** Where the worker task is: it does one thing at a time, and blocks in it. */
type Worker = "idle" | "connecting" | "writing"

export class BoardSocket {
    private readonly commands: Command[] = []
    private readonly events: [event: number, payload?: Uint8Array][] = []
    /** Closed by the board, not yet by the peer. */
    private readonly closing = new Set<Link>()
    private session: SocketSession | undefined
    private worker: Worker = "idle"
    private stalled = false
    private dead = false

    constructor(private readonly host: SocketHost) {}

    /** Whether the main loop must run at each tick because the worker or the program is behind. */
    get busy(): boolean {
        return (
            this.worker === "writing" ||
            this.events.length > 0 ||
            (this.session?.open?.inbox.hasPending ?? false)
        )
    }

    open(target: NetworkTarget): number {
        return this.command({ open: target })
    }

    write(bytes: Uint8Array): number {
        return this.session?.reached ? this.command({ write: bytes }) : NO_SOCKET
    }

    /** jd_tcpsock_close: the program's close(), and the first thing a new connection does. */
    close(): void {
        const session = this.session
        // While TCP is being set up there is no sock_fd: nothing is closed, and the
        // connection comes up later.
        if (!session?.reached) return
        this.session = undefined
        if (!session.open) {
            // sock.c pulls the socket from under the worker's handshake, which then
            // fails without an event; the worker goes on with its queue.
            session.attempt?.abort()
            this.worker = "idle"
            this.host.wake()
            return
        }
        const { link, inbox } = session.open
        this.closing.add(link)
        link.close()
        inbox.discard()
    }

    /** A test's hand on the worker: while stalled it takes no command, so the queue fills up. */
    stall(on: boolean): void {
        this.stalled = on
        if (!on) this.work()
    }

    /** One turn of jd_tcpsock_process, after the VM ran; whether the VM was given something. */
    process(): boolean {
        if (this.worker === "writing") this.resumeWriting()
        else this.work()
        let delivered = false
        for (let event = this.events.shift(); event; event = this.events.shift()) {
            this.host.deliver(event[0], event[1])
            delivered = true
        }
        return this.deliverInput() || delivered
    }

    /** Power is gone: all that exists breaks off. */
    destroy(): void {
        this.dead = true
        const session = this.session
        this.session = undefined
        this.commands.length = 0
        this.events.length = 0
        if (session?.open) session.open.link.abort()
        else session?.attempt?.abort()
        for (const link of this.closing) link.abort()
        this.closing.clear()
    }

    private command(command: Command): number {
        if (this.dead || this.commands.length >= COMMAND_QUEUE_LENGTH) return QUEUE_FULL
        this.commands.push(command)
        this.work()
        return 0
    }

    private work(): void {
        while (this.worker === "idle" && !this.stalled) {
            const command = this.commands.shift()
            if (!command) return
            if ("open" in command) this.startConnecting(command.open)
            else this.writeOut(command.write)
        }
    }

    private startConnecting(target: NetworkTarget): void {
        this.close()
        const session: SocketSession = { target, reached: false }
        const current = () => this.session === session
        this.session = session
        this.worker = "connecting"
        this.host.count("socketsOpened")
        session.attempt = this.host.network.connect(target, {
            reached: () => {
                session.reached = true
            },
            opened: link => (current() ? this.connected(session, link) : link.abort()),
            failed: where => current() && this.connectFailed(session, where),
        })
    }

    private connected(session: SocketSession, link: Link): void {
        session.reached = true
        const wake = () => this.host.wake()
        const inbox = new ReceiveBuffer(link, TCP_WINDOW_BYTES, session.target.tls, wake, () =>
            this.closing.delete(link)
        )
        session.open = { link, inbox }
        if (session.target.tls) this.host.count("tlsHandshakes")
        this.post(SOCKET_EVENT.open)
        this.worker = "idle"
        this.work()
    }

    private connectFailed(session: SocketSession, where: ConnectFailure): void {
        if (where === "resolve") this.fail("can't resolve host")
        else if (where === "connect") this.fail("can't connect")
        else this.breakOff("mbedtls_ssl_handshake")
        if (this.session === session) this.session = undefined
        this.worker = "idle"
        this.work()
    }

    private writeOut(bytes: Uint8Array): void {
        const link = this.session?.open?.link
        // Written before a close: sock.c drops it without a word.
        if (!link) return
        if (this.session?.target.tls && bytes.length >= TLS_WRITE_LIMIT_BYTES) {
            this.host.abort(`sock.c: assertion failed: a TLS write of ${bytes.length} bytes`)
            return
        }
        link.send(bytes)
        this.host.count("bytesSent", bytes.length)
        if (link.pendingBytes <= TCP_WINDOW_BYTES) return
        this.worker = "writing"
        this.host.wake()
    }

    private resumeWriting(): void {
        const open = this.session?.open
        if (open && !open.inbox.ended && open.link.pendingBytes > TCP_WINDOW_BYTES) return
        this.worker = "idle"
        this.work()
    }

    /** Reads until nothing waits or a window's worth was read, then looks for the end of the stream. */
    private deliverInput(): boolean {
        const session = this.session
        if (!session?.open) return false
        const { inbox } = session.open
        let budget = TCP_WINDOW_BYTES
        let delivered = false
        while (budget > 0 && this.session === session) {
            const chunk = inbox.take(Math.min(CHUNK_BYTES, budget))
            if (!chunk) break
            budget -= chunk.length + inbox.overheadBytes
            delivered = true
            this.host.count("bytesReceived", chunk.length)
            this.host.deliver(SOCKET_EVENT.data, chunk)
        }
        if (this.session !== session) return delivered
        inbox.resumeIfDrained()
        if (inbox.isEmpty && inbox.ended) this.streamEnded(session, inbox.ended.error)
        return delivered
    }

    private streamEnded(session: SocketSession, error: Error | undefined): void {
        const reader = session.target.tls ? "mbedtls_ssl_read" : "recv error"
        this.breakOff(error ? reader : undefined)
    }

    /** sock.c raise_error: closes, then tells the program; the events arrive with the next turn. */
    private breakOff(message: string | undefined): void {
        this.close()
        if (message) this.fail(message)
        this.post(SOCKET_EVENT.close)
    }

    private fail(message: string): void {
        this.host.count("socketErrors")
        this.post(SOCKET_EVENT.error, new TextEncoder().encode(message))
    }

    private post(event: number, payload?: Uint8Array): void {
        this.events.push([event, payload])
        this.host.wake()
    }
}
