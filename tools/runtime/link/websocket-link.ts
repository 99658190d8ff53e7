import type { RawData, WebSocket } from "ws"
import type { Link, LinkHandler } from "./link.js"

/** What a peer is closed with that sends text where MQTT has binary (RFC 6455, 7.4.1). */
const UNSUPPORTED_DATA = 1003

function bytesOf(data: RawData): Uint8Array {
    if (Array.isArray(data)) return Buffer.concat(data)
    return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}

/**
 * An open WebSocket as a {@link Link}. Frames are no packets: one may hold several MQTT packets or a part of
 * one [MQTT-6.0.0-2], and only binary ones count [MQTT-6.0.0-1].
 */
export function websocketLink(socket: WebSocket, peer: string): Link {
    let error: Error | undefined
    socket.pause()
    // Without a listener an error before listen() would end the process.
    socket.on("error", e => {
        error = e
    })
    return {
        peer,
        get pendingBytes() {
            return socket.bufferedAmount
        },
        listen(handler: LinkHandler) {
            if (socket.readyState === socket.CLOSED) {
                handler.closed(error)
                return
            }
            socket.on("message", (data, isBinary) => {
                if (isBinary) handler.data(bytesOf(data))
                else socket.close(UNSUPPORTED_DATA)
            })
            socket.on("close", () => handler.closed(error))
            socket.resume()
        },
        send(bytes) {
            if (socket.readyState === socket.OPEN) socket.send(bytes)
        },
        close: () => socket.close(),
        abort: () => socket.terminate(),
        pause: () => socket.pause(),
        resume: () => socket.resume(),
    }
}
