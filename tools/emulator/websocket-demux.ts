import { createServer } from "node:http"
import type { Socket } from "node:net"
import { type Link, websocketLink } from "@moorage/runtime"
import { WebSocketServer } from "ws"

/** The path of MQTT over WebSocket at DPS and at the hubs (protocol-facts.md, 1.1, 5.1). */
const PATH = "/$iothub/websocket"
const SUBPROTOCOL = "mqtt"
/** The first bytes of a request for a WebSocket. Other connections are plain HTTP. */
const REQUEST_START = Buffer.from(`GET ${PATH}`)
/** More than the largest MQTT packet that a hub accepts. */
const MESSAGE_MAX_BYTES = 512 * 1024

/** The receivers of the connections. */
interface WebSocketRoutes {
    /** Receives an open WebSocket with the subprotocol `mqtt`. */
    websocket(link: Link): void
    /** Receives any other connection, before anything is read from it. */
    other(socket: Socket): void
}

/** Reads the first bytes, puts them back, and calls `decide`. */
function sniffFirstBytes(socket: Socket, decide: (isWebsocket: boolean) => void): void {
    let received = Buffer.alloc(0)
    function stop(): void {
        socket.off("data", onData)
        socket.off("error", stop)
        socket.pause()
    }
    function onData(bytes: Buffer): void {
        received = Buffer.concat([received, bytes])
        const length = Math.min(received.length, REQUEST_START.length)
        const isWebsocket = received.subarray(0, length).equals(REQUEST_START.subarray(0, length))
        if (isWebsocket && length < REQUEST_START.length) return
        stop()
        socket.unshift(received)
        decide(isWebsocket)
    }
    // A connection that fails before its first bytes needs no answer.
    socket.on("error", stop)
    socket.on("data", onData)
}

/** Returns a listener that separates MQTT over WebSocket from plain HTTP on one port. */
export function demuxWebSocket({ websocket, other }: WebSocketRoutes): (socket: Socket) => void {
    const upgrades = new WebSocketServer({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload: MESSAGE_MAX_BYTES,
        handleProtocols: () => SUBPROTOCOL,
    })
    // This server never listens. It parses the requests of the connections that sniffFirstBytes() selects.
    const parser = createServer((_request, response) => {
        response.writeHead(426, { Connection: "close", Upgrade: "websocket" }).end()
    })
    parser.on("upgrade", (request, stream, head) => {
        const socket = stream as Socket
        const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",")
        const [path] = (request.url ?? "").split("?")
        // The client must offer the subprotocol `mqtt`, and the server must confirm it [MQTT-6.0.0-3], [MQTT-6.0.0-4].
        if (path !== PATH || !offered.some(name => name.trim() === SUBPROTOCOL)) {
            socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            return
        }
        upgrades.handleUpgrade(request, socket, head, webSocket =>
            websocket(websocketLink(webSocket, `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`))
        )
    })
    return socket =>
        sniffFirstBytes(socket, isWebsocket => {
            if (!isWebsocket) {
                other(socket)
                return
            }
            parser.emit("connection", socket)
            // sniffFirstBytes() has paused the socket, and a new listener does not resume it.
            socket.resume()
        })
}
