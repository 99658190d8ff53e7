import { type Socket, connect as connectTcp, isIP } from "node:net"
import { connect as connectTls } from "node:tls"
import { socketLink } from "@moorage/runtime"
import type { Attempt, ConnectHandler, Network, NetworkTarget } from "./network.js"

export interface RealNetworkOptions {
    /** PEM of the CA that TLS peers are checked against; Node's own roots when not given. */
    ca?: string
    /** Where names lead: `host` or `host:port` to an address and, when it differs, a port. */
    routes?: Record<string, { host: string; port?: number }>
}

const RESOLVE_ERRORS = ["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA"]

/**
 * Real TCP and TLS. The certificate is checked against the name that the board
 * asked for, whatever address its route leads to. TLS is 1.2, as in the firmware.
 * With `routes`, names that have none do not resolve.
 */
export function realNetwork(options: RealNetworkOptions = {}): Network {
    return {
        available: true,
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

function failLater(handler: ConnectHandler, reason: string): Attempt {
    let ended = false
    queueMicrotask(() => {
        if (!ended) handler.failed("resolve", reason)
    })
    return {
        abort: () => {
            ended = true
        },
    }
}

function dial(
    target: NetworkTarget,
    address: { host: string; port: number },
    ca: string | undefined,
    handler: ConnectHandler
): Attempt {
    let ended = false
    let stage: "connect" | "handshake" = "connect"
    let socket: Socket = connectTcp(address)

    const fail = (error: Error & { code?: string }) => {
        if (ended) return
        ended = true
        socket.destroy()
        const where = stage === "connect" && RESOLVE_ERRORS.includes(error.code ?? "") ? "resolve" : stage
        handler.failed(where, error.message)
    }
    const opened = () => {
        if (ended) return
        ended = true
        socket.off("error", fail)
        socket.off("close", hungUp)
        handler.opened(socketLink(socket))
    }
    const hungUp = () => fail(new Error("the peer hung up"))

    socket.on("error", fail)
    socket.once("connect", () => {
        if (ended) return
        handler.reached()
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
        socket.once("close", hungUp)
        socket.once("secureConnect", opened)
    })
    return {
        abort: () => {
            ended = true
            socket.destroy()
        },
    }
}
