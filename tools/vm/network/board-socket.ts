// The socket of the ESP32 port (devicescript-esp32, main/sock.c; runtime-facts.md, 3.2). A worker task with a command
// queue connects and writes. The main loop delivers events and data.
import type { Link } from "@moorage/runtime"
import { ReceiveBuffer } from "./receive-buffer.js"
import { SOCKET_EVENT } from "../runtime/machine.js"
import type { ConnectAttempt, ConnectFailure, Network, NetworkTarget } from "./network.js"

/** Length of the command queue (sock.c: xQueueCreate(50, ...)). A command beyond it is rejected with -1. */
export const COMMAND_QUEUE_LENGTH = 50
/** Largest piece of data that the program receives (sock.c: sockbuf[1024]). */
export const CHUNK_BYTES = 1024
/**
 * Default TCP receive window and send buffer of ESP-IDF (4 segments). The window limits what arrives between two turns of
 * the main loop. The buffer limits what a write stores without waiting for the peer.
 */
export const TCP_WINDOW_BYTES = 5744

/** Default MBEDTLS_SSL_OUT_CONTENT_LEN of ESP-IDF. sock.c asserts that a write is shorter (runtime-facts.md, D8). */
const TLS_WRITE_LIMIT_BYTES = 4096

const NO_SOCKET = -10
const QUEUE_FULL = -1

/** Functions of the board that the socket uses. */
export interface SocketHost {
    readonly network: Network
    /** Makes the main loop run at its next tick. */
    wake(): void
    /** Passes an event to the VM. */
    deliver(event: number, payload?: Uint8Array): void
    /** Handles a failed assertion of the firmware. */
    abort(message: string): void
    count(
        counter: "socketsOpened" | "tlsHandshakes" | "socketErrors" | "bytesSent" | "bytesReceived",
        by?: number
    ): void
}

type Command = { open: NetworkTarget } | { write: Uint8Array }

/** One connection, from the moment the worker starts it. */
interface SocketSession {
    readonly target: NetworkTarget
    attempt?: ConnectAttempt
    /** TCP is connected (sock.c: `sock_fd` is set). From now on the program may write, and close() has an effect. */
    isTcpConnected: boolean
    /** Set when the stream is ready (sock.c: `is_connected`). */
    open?: { link: Link; received: ReceiveBuffer }
}

/** State of the worker task, which blocks while it connects or writes. */
type WorkerState = "idle" | "connecting" | "writing"

/** The only socket of a board. */
export class BoardSocket {
    private readonly commands: Command[] = []
    private readonly events: [event: number, payload?: Uint8Array][] = []
    /** Connections that the board closed and the peer has not closed yet. */
    private readonly closing = new Set<Link>()
    private session: SocketSession | undefined
    private worker: WorkerState = "idle"
    private isStalled = false
    private isDestroyed = false

    constructor(private readonly host: SocketHost) {}

    /** Whether the main loop must run at each tick, because the worker or the program has work left. */
    get isBusy(): boolean {
        return (
            this.worker === "writing" ||
            this.events.length > 0 ||
            (this.session?.open?.received.hasPending ?? false)
        )
    }

    /** Queues a connection. @returns 0, or -1 when the queue is full */
    open(target: NetworkTarget): number {
        return this.enqueue({ open: target })
    }

    /** Queues a write. @returns 0, -1 when the queue is full, or -10 without a connection */
    write(bytes: Uint8Array): number {
        return this.session?.isTcpConnected ? this.enqueue({ write: bytes }) : NO_SOCKET
    }

    /** Closes the connection (jd_tcpsock_close). The program calls it, and each new connection does so first. */
    close(): void {
        const session = this.session
        // Before TCP is connected there is no sock_fd: nothing is closed, and the connection is still established.
        if (!session?.isTcpConnected) return
        this.session = undefined
        if (!session.open) {
            // sock.c closes the socket during the handshake of the worker. The handshake fails without an event, and the
            // worker continues with its queue.
            session.attempt?.abort()
            this.worker = "idle"
            this.host.wake()
            return
        }
        const { link, received } = session.open
        this.closing.add(link)
        link.close()
        received.discard()
    }

    /** Stops or resumes the worker, for tests. While it is stopped, the queue fills up. */
    stall(isStalled: boolean): void {
        this.isStalled = isStalled
        if (!isStalled) this.work()
    }

    /** Runs one turn of jd_tcpsock_process. @returns whether the VM received an event */
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

    /** Breaks all connections, as a power cut does. */
    destroy(): void {
        this.isDestroyed = true
        const session = this.session
        this.session = undefined
        this.commands.length = 0
        this.events.length = 0
        if (session?.open) session.open.link.abort()
        else session?.attempt?.abort()
        for (const link of this.closing) link.abort()
        this.closing.clear()
    }

    private enqueue(command: Command): number {
        if (this.isDestroyed || this.commands.length >= COMMAND_QUEUE_LENGTH) return QUEUE_FULL
        this.commands.push(command)
        this.work()
        return 0
    }

    private work(): void {
        while (this.worker === "idle" && !this.isStalled) {
            const command = this.commands.shift()
            if (!command) return
            if ("open" in command) this.startConnecting(command.open)
            else this.writeOut(command.write)
        }
    }

    private startConnecting(target: NetworkTarget): void {
        this.close()
        const session: SocketSession = { target, isTcpConnected: false }
        const isCurrent = () => this.session === session
        this.session = session
        this.worker = "connecting"
        this.host.count("socketsOpened")
        session.attempt = this.host.network.connect(target, {
            tcpConnected: () => {
                session.isTcpConnected = true
            },
            opened: link => (isCurrent() ? this.connected(session, link) : link.abort()),
            failed: where => isCurrent() && this.connectFailed(session, where),
        })
    }

    private connected(session: SocketSession, link: Link): void {
        session.isTcpConnected = true
        const received = new ReceiveBuffer(link, {
            windowBytes: TCP_WINDOW_BYTES,
            isTls: session.target.tls,
            onChange: () => this.host.wake(),
            onClosed: () => this.closing.delete(link),
        })
        session.open = { link, received }
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
        // The connection was closed after the write. sock.c drops the data without an error.
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
        if (open && !open.received.ended && open.link.pendingBytes > TCP_WINDOW_BYTES) return
        this.worker = "idle"
        this.work()
    }

    /** Delivers received data up to the size of the TCP window, and the end of the stream after all data. */
    private deliverInput(): boolean {
        const session = this.session
        if (!session?.open) return false
        const { received } = session.open
        let budget = TCP_WINDOW_BYTES
        let delivered = false
        while (budget > 0 && this.session === session) {
            const chunk = received.take(Math.min(CHUNK_BYTES, budget))
            if (!chunk) break
            budget -= chunk.length + received.overheadBytes
            delivered = true
            this.host.count("bytesReceived", chunk.length)
            this.host.deliver(SOCKET_EVENT.data, chunk)
        }
        if (this.session !== session) return delivered
        received.resumeIfDrained()
        if (received.isEmpty && received.ended) this.streamEnded(session, received.ended.error)
        return delivered
    }

    private streamEnded(session: SocketSession, error: Error | undefined): void {
        const message = session.target.tls ? "mbedtls_ssl_read" : "recv error"
        this.breakOff(error ? message : undefined)
    }

    /** Closes the connection and posts the events for the next turn (sock.c: raise_error). */
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
