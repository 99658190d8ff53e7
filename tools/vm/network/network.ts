import type { Link } from "@moorage/runtime"

export interface NetworkTarget {
    host: string
    port: number
    tls: boolean
}

/** Where a connection failed: the ESP32 port tells the program a different text for each. */
export type ConnectFailure = "resolve" | "connect" | "handshake"

/** Progress of one connection; nothing is called before connect() has returned, or after abort(). */
export interface ConnectHandler {
    /** TCP stands; with TLS the handshake begins now. */
    reached(): void
    /** The stream is ready, TLS handshake included. */
    opened(link: Link): void
    failed(where: ConnectFailure, reason: string): void
}

export interface Attempt {
    /** Gives the connection up; what exists of it is broken off. */
    abort(): void
}

/** What a board's socket is connected to: the real network, a wire in memory, or a simulated one. */
export interface Network {
    /** False while Wi-Fi has no address: connect() then throws "network not available" in the program. */
    available: boolean
    connect(target: NetworkTarget, handler: ConnectHandler): Attempt
}
