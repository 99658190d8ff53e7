import { type Link, linkPair } from "@moorage/runtime"
import type { Clock } from "@moorage/runtime"
import type { ConnectFailure, Network, NetworkTarget } from "./network.js"

/** Outcome of a connection: it succeeds, fails at one step, or gets no answer (`mute`). */
export type DialAnswer = "accept" | "mute" | ConnectFailure

export interface MemoryNetworkOptions {
    clock: Clock
    /** Latency in ms in one direction, for data and for each step of a connection (default: 0). */
    latencyMs?: number
    /** Returns the outcome of each connection (default: `accept`). */
    answer?: (target: NetworkTarget) => DialAnswer
    /** Receives the end of the peer for each accepted connection. */
    dial: (target: NetworkTarget, link: Link) => void
}

/**
 * Returns a network in memory. TLS affects only the timing: TCP takes one round trip, and TLS 1.2 takes two more. Nothing
 * is encrypted, and no certificate is checked.
 */
export function memoryNetwork(options: MemoryNetworkOptions): Network {
    const { clock, dial, answer = () => "accept", latencyMs = 0 } = options
    let connections = 0
    return {
        isAvailable: true,
        connect(target, handler) {
            const outcome = answer(target)
            let timer = clock.after(2 * latencyMs, tcpDone)
            let isAborted = false
            let open: Link | undefined

            function tcpDone(): void {
                if (outcome === "resolve" || outcome === "connect") {
                    handler.failed(outcome, `connection to ${target.host} failed (${outcome})`)
                } else if (outcome !== "mute" || target.tls) {
                    handler.tcpConnected()
                    if (!isAborted && outcome !== "mute")
                        timer = clock.after(target.tls ? 4 * latencyMs : 0, tlsDone)
                }
            }

            function tlsDone(): void {
                if (outcome === "handshake" && target.tls) {
                    handler.failed("handshake", `certificate of ${target.host} is not valid`)
                    return
                }
                const [board, peer] = linkPair(clock, `memory:${++connections}`, latencyMs)
                open = board
                dial(target, peer)
                handler.opened(board)
            }

            return {
                abort: () => {
                    isAborted = true
                    timer.cancel()
                    open?.abort()
                },
            }
        },
    }
}
