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
    /** The address to listen on (default: 127.0.0.1). */
    host?: string
    /** Further addresses for MQTT and HTTPS, on the same ports. */
    moreHosts?: string[]
    /** Port of MQTT over TLS (default: 0, any free port). */
    mqttPort?: number
    /** Port of the device and service APIs over HTTPS, and of MQTT over WebSocket (default: 0, any free port). */
    httpsPort?: number
    /** Port of MQTT without TLS, for a lab (default: closed). */
    tcpPort?: number
    /** Port of the APIs over HTTP, and of MQTT over WebSocket without TLS, for a lab (default: closed). */
    httpPort?: number
    /** Port of the admin API, without TLS and credentials, always on 127.0.0.1 (default: closed). */
    adminPort?: number
    /** Port of the Prometheus metrics under `/metrics`, always on 127.0.0.1 (default: closed). */
    metricsPort?: number
    /** The authority of the server certificate (default: a new one). */
    authority?: CertificateAuthority
}

export interface Servers {
    mqttPort: number
    httpsPort: number
    tcpPort: number | undefined
    httpPort: number | undefined
    adminPort: number | undefined
    metricsPort: number | undefined
    /** PEM of the CA certificate that clients must trust. It is new at each start, unless the state is stored. */
    ca: string
    /** Resets every connection and closes the ports. */
    close(): Promise<void>
}

function reason({ code, message }: NodeJS.ErrnoException): string {
    if (code === "EADDRINUSE")
        return "another program uses the port. Choose another port, or 0 for any free port"
    if (code === "EACCES") return "ports below 1024 need administrator rights. Choose another port"
    if (code === "EADDRNOTAVAIL") return "this machine does not have the address"
    return message
}

/** Opens the sockets of a {@link Cloud} on this machine. @throws Error that names the port that cannot be opened */
export async function listen(cloud: Cloud, options: ListenOptions = {}): Promise<Servers> {
    const authority = options.authority ?? (await makeAuthority(cloud.clock.nowMs()))
    const publicHost = options.host ?? LOCALHOST
    const servers: Server[] = []
    const sockets = new Set<Socket>()

    /** Records the sockets of a server, so that close() can reset them. */
    function trackSockets(server: Server): Server {
        server.on("connection", (socket: Socket) => {
            sockets.add(socket)
            socket.on("close", () => sockets.delete(socket))
        })
        return server
    }

    async function open(what: string, port: number, server: Server, host = publicHost): Promise<number> {
        servers.push(trackSockets(server))
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
        // A client that rejects the certificate ends the handshake. This is not an error of the emulator.
        server.on("tlsClientError", () => undefined)
        return server
    }

    const mqtt = (socket: Socket) => acceptMqtt(cloud, socketLink(socket))
    const http = demuxWebSocket({
        websocket: link => acceptMqtt(cloud, link),
        other: socket => acceptHttp(cloud, socketLink(socket)),
    })

    /** Opens a server if its port is given. */
    async function openOptional(
        what: string,
        port: number | undefined,
        server: () => Server | Promise<Server>,
        host = publicHost
    ): Promise<number | undefined> {
        return port === undefined ? undefined : open(what, port, await server(), host)
    }

    /** Loads the metrics on demand, because most tests start an emulator without them. */
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
            tcpPort: await openOptional("MQTT without TLS", tcpPort, () => createTcpServer(mqtt)),
            httpPort: await openOptional("HTTP", httpPort, () => createTcpServer(http)),
            adminPort: await openOptional("the admin API", adminPort, () => adminServer(cloud), LOCALHOST),
            metricsPort: await openOptional("metrics", metricsPort, metrics, LOCALHOST),
            ca: authority.ca,
            close,
        }
    } catch (error) {
        await close()
        throw error
    }
}
