import { type Socket, connect as connectTcp, isIP } from "node:net"
import { connect as connectTls } from "node:tls"
import { socketLink } from "@moorage/runtime"
import type { ConnectAttempt, ConnectHandler, Network, NetworkTarget } from "./network.js"

export interface RealNetworkOptions {
    /** PEM of the CA that signs the certificates of TLS peers (default: the root certificates of Node). */
    ca?: string
    /** Addresses by name: `host` or `host:port` -> address, and the port when it differs. */
    routes?: Record<string, { host: string; port?: number }>
}

const RESOLVE_ERRORS = ["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA"]

/**
 * Returns the network of the machine. The certificate of a peer must be valid for the name that the board uses, also when
 * a route leads to another address. TLS has version 1.2, as in the firmware. With `routes`, a name without a route does
 * not resolve.
 */
export function realNetwork(options: RealNetworkOptions = {}): Network {
    return {
        isAvailable: true,
        connect(target, handler) {
            const address = route(target, options.routes)
            if (!address) return failLater(handler, `${target.host} has no route`)
            return dial(target, address, options.ca, handler)
        },
    }
}

function route(
    target: NetworkTarget,
    routes: RealNetworkOptions["routes"]
): { host: string; port: number } | undefined {
    const found = routes?.[`${target.host}:${target.port}`] ?? routes?.[target.host]
    if (found) return { host: found.host, port: found.port ?? target.port }
    if (routes && !isIP(target.host)) return undefined
    return { host: target.host, port: target.port }
}

function failLater(handler: ConnectHandler, reason: string): ConnectAttempt {
    let hasEnded = false
    queueMicrotask(() => {
        if (!hasEnded) handler.failed("resolve", reason)
    })
    return {
        abort: () => {
            hasEnded = true
        },
    }
}

function dial(
    target: NetworkTarget,
    address: { host: string; port: number },
    ca: string | undefined,
    handler: ConnectHandler
): ConnectAttempt {
    let hasEnded = false
    let stage: "connect" | "handshake" = "connect"
    let socket: Socket = connectTcp(address)

    const fail = (error: Error & { code?: string }) => {
        if (hasEnded) return
        hasEnded = true
        socket.destroy()
        const where = stage === "connect" && RESOLVE_ERRORS.includes(error.code ?? "") ? "resolve" : stage
        handler.failed(where, error.message)
    }
    const opened = () => {
        if (hasEnded) return
        hasEnded = true
        socket.off("error", fail)
        socket.off("close", closedByPeer)
        handler.opened(socketLink(socket))
    }
    const closedByPeer = () => fail(new Error("the peer closed the connection"))

    socket.on("error", fail)
    socket.once("connect", () => {
        if (hasEnded) return
        handler.tcpConnected()
        if (!target.tls) return opened()
        stage = "handshake"
        socket.off("error", fail)
        socket.on("error", () => undefined)
        socket = connectTls({
            socket,
            ca,
            host: target.host,
            servername: isIP(target.host) ? undefined : target.host,
            minVersion: "TLSv1.2",
            maxVersion: "TLSv1.2",
        })
        socket.on("error", fail)
        socket.once("close", closedByPeer)
        socket.once("secureConnect", opened)
    })
    return {
        abort: () => {
            hasEnded = true
            socket.destroy()
        },
    }
}
