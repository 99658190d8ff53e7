import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net"
import { createServer as createTlsServer } from "node:tls"
import { socketLink } from "@moorage/runtime"
import { adminServer } from "./admin/admin-server.js"
import type { Cloud } from "./cloud.js"
import { acceptMqtt } from "./mqtt/mqtt-connection.js"
import { acceptHttp } from "./rest/http-connection.js"
import { type CertificateAuthority, makeAuthority } from "./tls/certificate-authority.js"
import { demuxWebSocket } from "./websocket-demux.js"

const LOCALHOST = "127.0.0.1"

export interface ListenOptions {
    /** Default 127.0.0.1. */
    host?: string
    /** More addresses for MQTT and HTTPS, on the same ports. */
    moreHosts?: string[]
    /** MQTT over TLS; 0, the default, takes any free port. */
    mqttPort?: number
    /** The device and service APIs over HTTPS, and MQTT over WebSocket; 0, the default, takes any free port. */
    httpsPort?: number
    /** MQTT without TLS, for a lab; none unless given. */
    tcpPort?: number
    /** The same without TLS, for a lab; none unless given. */
    httpPort?: number
    /** The admin API, without TLS and credentials, always on 127.0.0.1; none unless given. */
    adminPort?: number
    /** Prometheus metrics under `/metrics`, as the admin API; none unless given. */
    metricsPort?: number
    /** Whose certificate is shown; made anew unless given. */
    authority?: CertificateAuthority
}

export interface Servers {
    mqttPort: number
    httpsPort: number
    tcpPort: number | undefined
    httpPort: number | undefined
    adminPort: number | undefined
    metricsPort: number | undefined
    /** PEM of the CA that clients must trust; made anew at each start, unless state is kept. */
    ca: string
    /** Breaks every connection and gives the ports back. */
    close(): Promise<void>
}

function reason({ code, message }: NodeJS.ErrnoException): string {
    if (code === "EADDRINUSE") return "another program has it. Choose another port, or 0 for any free one"
    if (code === "EACCES") return "ports below 1024 need more rights here. Choose another port"
    if (code === "EADDRNOTAVAIL") return "this machine has no such address"
    return message
}

/** Sockets on this machine for a {@link Cloud}. @throws Error naming the port that could not be had */
export async function listen(cloud: Cloud, options: ListenOptions = {}): Promise<Servers> {
    const authority = options.authority ?? (await makeAuthority(cloud.clock.nowMs()))
    const publicHost = options.host ?? LOCALHOST
    const servers: Server[] = []
    const sockets = new Set<Socket>()

    /** Notes the sockets of a server, so that close() can break them. */
    function noted(server: Server): Server {
        server.on("connection", (socket: Socket) => {
            sockets.add(socket)
            socket.on("close", () => sockets.delete(socket))
        })
        return server
    }

    async function open(what: string, port: number, server: Server, host = publicHost): Promise<number> {
        servers.push(noted(server))
        await new Promise<void>((resolve, reject) => {
            server.once("error", (error: NodeJS.ErrnoException) => {
                reject(
                    new Error(`Cannot listen for ${what} on ${host}:${port}: ${reason(error)}.`, {
                        cause: error,
                    })
                )
            })
            server.listen(port, host, resolve)
        })
        return (server.address() as AddressInfo).port
    }

    function tlsServer(serve: (socket: Socket) => void): Server {
        const { certificate: cert, key } = authority
        const server = createTlsServer({ cert, key, minVersion: "TLSv1.2" }, serve)
        // A client that distrusts the certificate ends the handshake: its own business.
        server.on("tlsClientError", () => undefined)
        return server
    }

    const mqtt = (socket: Socket) => acceptMqtt(cloud, socketLink(socket))
    const http = demuxWebSocket({
        websocket: link => acceptMqtt(cloud, link),
        other: socket => acceptHttp(cloud, socketLink(socket)),
    })

    /** A server that is only there when its port is given. */
    async function openIf(
        what: string,
        port: number | undefined,
        server: () => Server | Promise<Server>,
        host = publicHost
    ): Promise<number | undefined> {
        return port === undefined ? undefined : open(what, port, await server(), host)
    }

    /** Loaded when asked for: a test that starts an emulator asks for none. */
    async function metrics(): Promise<Server> {
        const { createMetrics: cloudMetrics, metricsServer } = await import("./metrics.js")
        return metricsServer(cloudMetrics(cloud))
    }

    async function close(): Promise<void> {
        for (const socket of sockets) socket.destroy()
        await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
    }

    try {
        const { tcpPort, httpPort, adminPort, metricsPort } = options
        const mqttPort = await open("MQTT", options.mqttPort ?? 0, tlsServer(mqtt))
        const httpsPort = await open("HTTPS", options.httpsPort ?? 0, tlsServer(http))
        for (const host of options.moreHosts ?? []) {
            await open("MQTT", mqttPort, tlsServer(mqtt), host)
            await open("HTTPS", httpsPort, tlsServer(http), host)
        }
        return {
            mqttPort,
            httpsPort,
            tcpPort: await openIf("MQTT without TLS", tcpPort, () => createTcpServer(mqtt)),
            httpPort: await openIf("HTTP", httpPort, () => createTcpServer(http)),
            adminPort: await openIf("the admin API", adminPort, () => adminServer(cloud), LOCALHOST),
            metricsPort: await openIf("metrics", metricsPort, metrics, LOCALHOST),
            ca: authority.ca,
            close,
        }
    } catch (error) {
        await close()
        throw error
    }
}
