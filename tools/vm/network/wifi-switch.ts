import type { Link } from "@moorage/runtime"
import type { Attempt, ConnectHandler, Network, NetworkTarget } from "./network.js"

/** A link that can be broken as if it had broken by itself. */
function breakable(link: Link, over: () => void): { link: Link; breakOff: (error: Error) => void } {
    let closed = (_error?: Error): void => undefined
    let isOver = false
    const end = (error?: Error) => {
        if (isOver) return
        isOver = true
        over()
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
                link.listen({ data: bytes => !isOver && handler.data(bytes), closed: end })
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
 * A board's Wi-Fi, which a person can switch. While it is off there is no network: what was open or being opened
 * breaks, at both ends at once, and nothing is dialled.
 */
export class WifiSwitch implements Network {
    private isOn = true
    private readonly breakers = new Set<(error: Error) => void>()

    constructor(private readonly inner: Network) {}

    get available(): boolean {
        return this.isOn && this.inner.available
    }

    set(isOn: boolean): void {
        this.isOn = isOn
        if (isOn) return
        const error = new Error("Wi-Fi is off")
        for (const breakOff of [...this.breakers]) breakOff(error)
    }

    connect(target: NetworkTarget, handler: ConnectHandler): Attempt {
        let breakOff: (error: Error) => void
        const forget = () => this.breakers.delete(breakOff)
        const attempt = this.inner.connect(target, {
            reached: () => handler.reached(),
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
