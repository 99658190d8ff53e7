import { type Link, linkPair } from "@moorage/runtime"
import type { Clock } from "@moorage/runtime"
import type { ConnectFailure, Network, NetworkTarget } from "./network.js"

/** What happens to a connection: it stands, fails at one point, or is never answered. */
export type DialAnswer = "accept" | "mute" | ConnectFailure

export interface MemoryNetworkOptions {
    clock: Clock
    /** One way, each byte and each step of a connection. */
    latencyMs?: number
    /** Asked for each connection; `accept` unless given. */
    answer?: (target: NetworkTarget) => DialAnswer
    /** Gets the peer's end of each accepted connection. */
    dial: (target: NetworkTarget, link: Link) => void
}

/**
 * A network in memory. TLS is only its timing (TCP and TLS 1.2 take one and two
 * round trips more): nothing is encrypted, no certificate is checked.
 */
export function memoryNetwork(options: MemoryNetworkOptions): Network {
    const { clock, dial, answer = () => "accept", latencyMs = 0 } = options
    let connections = 0
    return {
        available: true,
        connect(target, handler) {
            const verdict = answer(target)
            let timer = clock.after(2 * latencyMs, tcpDone)
            let ended = false
            let open: Link | undefined

            function tcpDone(): void {
                if (verdict === "resolve" || verdict === "connect") {
                    handler.failed(verdict, `${target.host} answers "${verdict}"`)
                } else if (verdict !== "mute" || target.tls) {
                    handler.reached()
                    if (!ended && verdict !== "mute")
                        timer = clock.after(target.tls ? 4 * latencyMs : 0, tlsDone)
                }
            }

            function tlsDone(): void {
                if (verdict === "handshake" && target.tls) {
                    handler.failed("handshake", `${target.host} has a bad certificate`)
                    return
                }
                const [board, peer] = linkPair(clock, `memory:${++connections}`, latencyMs)
                open = board
                dial(target, peer)
                handler.opened(board)
            }

            return {
                abort: () => {
                    ended = true
                    timer.cancel()
                    open?.abort()
                },
            }
        },
    }
}
