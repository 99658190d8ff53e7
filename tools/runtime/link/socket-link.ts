import type { Socket } from "node:net"
import type { Link, LinkHandler } from "./link.js"

/** A connected TCP or TLS socket as a {@link Link}. */
export function socketLink(socket: Socket): Link {
    let error: Error | undefined
    let corked = false
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
            // What is sent in one turn leaves in one write: answers to many small packets cost a system call each otherwise.
            if (!corked) {
                corked = true
                socket.cork()
                process.nextTick(() => {
                    corked = false
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
