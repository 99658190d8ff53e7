// The network of a board: the socket of the ESP32 port, and networks of the machine, in memory and with a Wi-Fi switch.
import type { Link } from "@moorage/runtime"

export interface NetworkTarget {
    host: string
    port: number
    tls: boolean
}

/** Step at which a connection failed. The ESP32 port reports each step to the program with another text. */
export type ConnectFailure = "resolve" | "connect" | "handshake"

/** Receives the progress of one connection. No method is called before connect() returns or after abort(). */
export interface ConnectHandler {
    /** TCP is connected. With TLS the handshake starts now. */
    tcpConnected(): void
    /** The stream is ready, TLS handshake included. */
    opened(link: Link): void
    failed(where: ConnectFailure, reason: string): void
}

/** A connection that was started. */
export interface ConnectAttempt {
    /** Breaks the connection, or stops its establishment. */
    abort(): void
}

/** The network of a board: the network of the machine, a network in memory, or a simulated one. */
export interface Network {
    /** False while Wi-Fi has no address. connect() then throws "network not available" in the program. */
    isAvailable: boolean
    connect(target: NetworkTarget, handler: ConnectHandler): ConnectAttempt
}
