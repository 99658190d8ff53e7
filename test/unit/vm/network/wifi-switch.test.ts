// The Wi-Fi switch of a board and its effect on connections, without a board.
import type { Link } from "@moorage/runtime"
import { ManualClock } from "@moorage/runtime"
import { type ConnectHandler, memoryNetwork, type NetworkTarget, WifiSwitch } from "@moorage/vm"
import { describe, expect, test } from "vitest"

const TARGET: NetworkTarget = { host: "a.b", port: 8883, tls: true }

/** Returns a network with a Wi-Fi switch and 10 ms latency, and records the events of its connections. */
function createSwitchedNetwork() {
    const clock = new ManualClock()
    const events: string[] = []
    const peers: { link: Link; received: string[] }[] = []
    const wifi = new WifiSwitch(
        memoryNetwork({
            clock,
            latencyMs: 10,
            dial: (_, link) => {
                const received: string[] = []
                link.listen({
                    data: bytes => received.push(Buffer.from(bytes).toString()),
                    closed: error => received.push(error ? "broken" : "ended"),
                })
                peers.push({ link, received })
            },
        })
    )
    let open: Link | undefined
    const handler: ConnectHandler = {
        tcpConnected: () => events.push("tcpConnected"),
        failed: (where, reason) => events.push(`${where}: ${reason}`),
        opened: link => {
            open = link
            events.push("opened")
            link.listen({
                data: bytes => events.push(Buffer.from(bytes).toString()),
                closed: error => events.push(error ? `closed: ${error.message}` : "closed"),
            })
        },
    }
    return { clock, wifi, events, peers, handler, link: () => open as Link }
}

describe("the Wi-Fi switch", () => {
    test("breaks an open connection once at both ends when it is switched off", () => {
        const { clock, wifi, events, peers, handler, link } = createSwitchedNetwork()
        wifi.connect(TARGET, handler)
        clock.advance(1000)
        peers[0].link.send(Buffer.from("hello"))
        clock.advance(100)
        wifi.set(false)
        wifi.set(false)
        clock.advance(1000)
        expect(events).toEqual(["tcpConnected", "opened", "hello", "closed: Wi-Fi is off"])
        expect(peers[0].received).toEqual(["broken"])
        expect(wifi.isAvailable).toBe(false)
        link().send(Buffer.from("too late"))
        clock.advance(1000)
        expect(peers[0].received).toEqual(["broken"])
    })

    test("fails a connection attempt when it is switched off", () => {
        const { clock, wifi, events, handler } = createSwitchedNetwork()
        wifi.connect(TARGET, handler)
        clock.advance(25)
        wifi.set(false)
        clock.advance(1000)
        expect(events).toEqual(["tcpConnected", "connect: Wi-Fi is off"])
    })

    test("ignores connections that were aborted or have ended", () => {
        const { clock, wifi, events, peers, handler } = createSwitchedNetwork()
        wifi.connect(TARGET, handler).abort()
        clock.advance(1000)
        wifi.connect(TARGET, handler)
        clock.advance(1000)
        peers[0].link.close()
        clock.advance(1000)
        wifi.set(false)
        clock.advance(1000)
        expect(events).toEqual(["tcpConnected", "opened", "closed"])
    })

    test("connects again after it is switched on", () => {
        const { clock, wifi, events, handler } = createSwitchedNetwork()
        wifi.set(false)
        wifi.set(true)
        expect(wifi.isAvailable).toBe(true)
        wifi.connect(TARGET, handler)
        clock.advance(1000)
        expect(events).toEqual(["tcpConnected", "opened"])
    })
})
