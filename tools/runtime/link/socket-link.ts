import type { Socket } from "node:net"
import type { Link, LinkHandler } from "./link.js"

/** Returns a {@link Link} for a connected TCP or TLS socket. */
export function socketLink(socket: Socket): Link {
    let error: Error | undefined
    let isCorked = false
    socket.setNoDelay(true)
    socket.pause()
    // Without a listener an error before listen() would end the process.
    socket.on("error", e => {
        error = e
    })
    return {
        peer: `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`,
        get pendingBytes() {
            return socket.writableLength
        },
        listen(handler: LinkHandler) {
            if (socket.closed) {
                handler.closed(error)
                return
            }
            socket.on("data", (bytes: Buffer) => handler.data(bytes))
            socket.on("close", () => handler.closed(error))
            socket.resume()
        },
        send(bytes) {
            if (!socket.writable) return
            // All data of one turn is written together. Otherwise each small packet would cost a system call.
            if (!isCorked) {
                isCorked = true
                socket.cork()
                process.nextTick(() => {
                    isCorked = false
                    socket.uncork()
                })
            }
            socket.write(bytes)
        },
        close: () => void socket.end(),
        abort: () => void socket.destroy(),
        pause: () => void socket.pause(),
        resume: () => void socket.resume(),
    }
}
