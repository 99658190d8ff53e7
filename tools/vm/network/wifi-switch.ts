import type { Link } from "@moorage/runtime"
import type { ConnectAttempt, ConnectHandler, Network, NetworkTarget } from "./network.js"

/** Wraps a link so that `breakOff()` ends it with an error for the owner. @param onEnd called once when the link ends */
function breakable(link: Link, onEnd: () => void): { link: Link; breakOff: (error: Error) => void } {
    let closed = (_error?: Error): void => undefined
    let hasEnded = false
    const end = (error?: Error) => {
        if (hasEnded) return
        hasEnded = true
        onEnd()
        closed(error)
    }
    return {
        breakOff: error => {
            link.abort()
            end(error)
        },
        link: {
            peer: link.peer,
            get pendingBytes() {
                return link.pendingBytes
            },
            listen: handler => {
                closed = error => handler.closed(error)
                link.listen({ data: bytes => !hasEnded && handler.data(bytes), closed: end })
            },
            send: bytes => link.send(bytes),
            close: () => link.close(),
            abort: () => link.abort(),
            pause: () => link.pause(),
            resume: () => link.resume(),
        },
    }
}

/**
 * The Wi-Fi of a board with a switch. Switching off breaks all connections immediately at both ends, connections that are
 * still being established too. While Wi-Fi is off, no connection is possible.
 */
export class WifiSwitch implements Network {
    private isOn = true
    private readonly breakers = new Set<(error: Error) => void>()

    constructor(private readonly inner: Network) {}

    get isAvailable(): boolean {
        return this.isOn && this.inner.isAvailable
    }

    /** Switches Wi-Fi on or off. */
    set(isOn: boolean): void {
        this.isOn = isOn
        if (isOn) return
        const error = new Error("Wi-Fi is off")
        for (const breakOff of [...this.breakers]) breakOff(error)
    }

    connect(target: NetworkTarget, handler: ConnectHandler): ConnectAttempt {
        let breakOff: (error: Error) => void
        const forget = () => this.breakers.delete(breakOff)
        const attempt = this.inner.connect(target, {
            tcpConnected: () => handler.tcpConnected(),
            opened: link => {
                forget()
                const own = breakable(link, () => forget())
                breakOff = own.breakOff
                this.breakers.add(breakOff)
                handler.opened(own.link)
            },
            failed: (where, reason) => {
                forget()
                handler.failed(where, reason)
            },
        })
        breakOff = error => {
            forget()
            attempt.abort()
            handler.failed("connect", error.message)
        }
        this.breakers.add(breakOff)
        return {
            abort: () => {
                forget()
                attempt.abort()
            },
        }
    }
}
