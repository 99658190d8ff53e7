import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net"
import { createServer as createTlsServer } from "node:tls"
import { socketLink } from "@moorage/link"
import { adminServer } from "./admin/server.js"
import type { Cloud } from "./cloud.js"
import { type Authority, makeAuthority } from "./tls/authority.js"
import { websocketDoor } from "./websocket.js"

const LOCALHOST = "127.0.0.1"

export interface ListenOptions {
    /** Default 127.0.0.1. */
    host?: string
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
    /** Whose certificate is shown; made anew unless given. */
    authority?: Authority
}

export interface Servers {
    mqttPort: number
    httpsPort: number
    tcpPort: number | undefined
    httpPort: number | undefined
    adminPort: number | undefined
    /** PEM of the CA that clients must trust; made anew at each start, unless state is kept. */
    ca: string
    /** Breaks every connection and gives the ports back. */
    close(): Promise<void>
}

/** Sockets on this machine for a {@link Cloud}. @throws Error naming the port that could not be had */
export async function listen(cloud: Cloud, options: ListenOptions = {}): Promise<Servers> {
    const authority = options.authority ?? (await makeAuthority(cloud.clock.nowMs()))
    const publicHost = options.host ?? LOCALHOST
    const servers: Server[] = []
    const sockets = new Set<Socket>()

    function accept(socket: Socket, serve: (socket: Socket) => void): void {
        sockets.add(socket)
        socket.on("close", () => sockets.delete(socket))
        serve(socket)
    }

    async function open(what: string, port: number, server: Server, host = publicHost): Promise<number> {
        servers.push(server)
        await new Promise<void>((resolve, reject) => {
            server.once("error", (error: NodeJS.ErrnoException) => {
                const cause = error.code === "EADDRINUSE" ? "another program has it" : error.message
                reject(
                    new Error(
                        `Cannot listen for ${what} on ${host}:${port}: ${cause}. Choose another port, or 0.`
                    )
                )
            })
            server.listen(port, host, resolve)
        })
        return (server.address() as AddressInfo).port
    }

    function tlsServer(serve: (socket: Socket) => void): Server {
        const { certificate: cert, key } = authority
        const server = createTlsServer({ cert, key, minVersion: "TLSv1.2" }, socket => accept(socket, serve))
        // A client that distrusts the certificate ends the handshake: its own business.
        server.on("tlsClientError", () => undefined)
        server.on("connection", (socket: Socket) => {
            sockets.add(socket)
            socket.on("close", () => sockets.delete(socket))
        })
        return server
    }

    const tcpServer = (serve: (socket: Socket) => void) => createTcpServer(socket => accept(socket, serve))
    const mqtt = (socket: Socket) => cloud.acceptMqtt(socketLink(socket))
    const http = websocketDoor({
        websocket: link => cloud.acceptMqtt(link),
        other: socket => cloud.acceptHttp(socketLink(socket)),
    })

    function admin(): Server {
        const server = adminServer(cloud)
        server.on("connection", (socket: Socket) => {
            sockets.add(socket)
            socket.on("close", () => sockets.delete(socket))
        })
        return server
    }

    async function close(): Promise<void> {
        for (const socket of sockets) socket.destroy()
        await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
    }

    try {
        const { tcpPort, httpPort, adminPort } = options
        return {
            mqttPort: await open("MQTT", options.mqttPort ?? 0, tlsServer(mqtt)),
            httpsPort: await open("HTTPS", options.httpsPort ?? 0, tlsServer(http)),
            tcpPort:
                tcpPort === undefined ? undefined : await open("MQTT without TLS", tcpPort, tcpServer(mqtt)),
            httpPort: httpPort === undefined ? undefined : await open("HTTP", httpPort, tcpServer(http)),
            adminPort:
                adminPort === undefined
                    ? undefined
                    : await open("the admin API", adminPort, admin(), LOCALHOST),
            ca: authority.ca,
            close,
        }
    } catch (error) {
        await close()
        throw error
    }
}
