import { createServer } from "node:http"
import type { Socket } from "node:net"
import { type Link, websocketLink } from "@moorage/runtime"
import { WebSocketServer } from "ws"

/** Where DPS and the hubs take MQTT over WebSocket (facts 1.1, 5.1). */
const PATH = "/$iothub/websocket"
const SUBPROTOCOL = "mqtt"
/** How a connection for it begins; anything else is plain HTTP. */
const REQUEST_START = Buffer.from(`GET ${PATH}`)
/** More than the longest MQTT packet that a hub takes. */
const MESSAGE_MAX_BYTES = 512 * 1024

/** Who gets what came in by the door. */
interface WebSocketRoutes {
    /** An opened WebSocket that speaks MQTT. */
    websocket(link: Link): void
    /** Any other connection, with nothing of it read. */
    other(socket: Socket): void
}

/** Calls `decide` as soon as the first bytes tell, and puts them back. */
function sniffFirstBytes(socket: Socket, decide: (isWebsocket: boolean) => void): void {
    let seen = Buffer.alloc(0)
    function stop(): void {
        socket.off("data", onData)
        socket.off("error", stop)
        socket.pause()
    }
    function onData(bytes: Buffer): void {
        seen = Buffer.concat([seen, bytes])
        const length = Math.min(seen.length, REQUEST_START.length)
        const fits = seen.subarray(0, length).equals(REQUEST_START.subarray(0, length))
        if (fits && length < REQUEST_START.length) return
        stop()
        socket.unshift(seen)
        decide(fits)
    }
    // One that breaks before it has said anything concerns no one.
    socket.on("error", stop)
    socket.on("data", onData)
}

/** Tells WebSockets for MQTT from plain HTTP on one port. */
export function demuxWebSocket({ websocket, other }: WebSocketRoutes): (socket: Socket) => void {
    const upgrades = new WebSocketServer({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload: MESSAGE_MAX_BYTES,
        handleProtocols: () => SUBPROTOCOL,
    })
    // Never listens: it parses the request of a connection that peek() has chosen.
    const parser = createServer((_request, response) => {
        response.writeHead(426, { Connection: "close", Upgrade: "websocket" }).end()
    })
    parser.on("upgrade", (request, stream, head) => {
        const socket = stream as Socket
        const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",")
        const [path] = (request.url ?? "").split("?")
        // The server must name `mqtt`, so the client must have offered it [MQTT-6.0.0-3], [MQTT-6.0.0-4].
        if (path !== PATH || !offered.some(name => name.trim() === SUBPROTOCOL)) {
            socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            return
        }
        upgrades.handleUpgrade(request, socket, head, opened =>
            websocket(websocketLink(opened, `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`))
        )
    })
    return socket =>
        sniffFirstBytes(socket, isWebsocket => {
            if (!isWebsocket) {
                other(socket)
                return
            }
            parser.emit("connection", socket)
            // peek() has paused it, and a listener does not undo that.
            socket.resume()
        })
}
