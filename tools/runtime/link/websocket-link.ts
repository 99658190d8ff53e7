import type { RawData, WebSocket } from "ws"
import type { Link, LinkHandler } from "./link.js"

/** Close code for a peer that sends text, although MQTT needs binary frames (RFC 6455, section 7.4.1). */
const UNSUPPORTED_DATA = 1003

function bytesOf(data: RawData): Uint8Array {
    if (Array.isArray(data)) return Buffer.concat(data)
    return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}

/**
 * Returns a {@link Link} for an open WebSocket. A frame can hold several MQTT packets or a part of one
 * [MQTT-6.0.0-2]. Only binary frames are accepted [MQTT-6.0.0-1].
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
