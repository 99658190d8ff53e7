// The switch of a board's Wi-Fi: what it does to connections, by itself.
import type { Link } from "@moorage/runtime"
import { ManualClock } from "@moorage/runtime"
import { type ConnectHandler, memoryNetwork, type NetworkTarget, WifiSwitch } from "@moorage/vm"
import { describe, expect, test } from "vitest"

const TARGET: NetworkTarget = { host: "a.b", port: 8883, tls: true }

/** A switched network with 10 ms to the peer, and what a connection over it was told. */
function world() {
    const clock = new ManualClock()
    const told: string[] = []
    const peers: { link: Link; said: string[] }[] = []
    const wifi = new WifiSwitch(
        memoryNetwork({
            clock,
            latencyMs: 10,
            dial: (_, link) => {
                const said: string[] = []
                link.listen({
                    data: bytes => said.push(Buffer.from(bytes).toString()),
                    closed: error => said.push(error ? "broken" : "ended"),
                })
                peers.push({ link, said })
            },
        })
    )
    let open: Link | undefined
    const handler: ConnectHandler = {
        reached: () => told.push("reached"),
        failed: (where, reason) => told.push(`${where}: ${reason}`),
        opened: link => {
            open = link
            told.push("opened")
            link.listen({
                data: bytes => told.push(Buffer.from(bytes).toString()),
                closed: error => told.push(error ? `closed: ${error.message}` : "closed"),
            })
        },
    }
    return { clock, wifi, told, peers, handler, link: () => open as Link }
}

describe("Wi-Fi that is switched off", () => {
    test("breaks what is open, at both ends, and says so once", () => {
        const { clock, wifi, told, peers, handler, link } = world()
        wifi.connect(TARGET, handler)
        clock.advance(1000)
        peers[0].link.send(Buffer.from("hello"))
        clock.advance(100)
        wifi.set(false)
        wifi.set(false)
        clock.advance(1000)
        expect(told).toEqual(["reached", "opened", "hello", "closed: Wi-Fi is off"])
        expect(peers[0].said).toEqual(["broken"])
        expect(wifi.available).toBe(false)
        link().send(Buffer.from("too late"))
        clock.advance(1000)
        expect(peers[0].said).toEqual(["broken"])
    })

    test("fails what is being opened, which then never opens", () => {
        const { clock, wifi, told, handler } = world()
        wifi.connect(TARGET, handler)
        clock.advance(25)
        wifi.set(false)
        clock.advance(1000)
        expect(told).toEqual(["reached", "connect: Wi-Fi is off"])
    })

    test("leaves what was given up or has ended alone", () => {
        const { clock, wifi, told, peers, handler } = world()
        wifi.connect(TARGET, handler).abort()
        clock.advance(1000)
        wifi.connect(TARGET, handler)
        clock.advance(1000)
        peers[0].link.close()
        clock.advance(1000)
        wifi.set(false)
        clock.advance(1000)
        expect(told).toEqual(["reached", "opened", "closed"])
    })

    test("serves again when it is on", () => {
        const { clock, wifi, told, handler } = world()
        wifi.set(false)
        wifi.set(true)
        expect(wifi.available).toBe(true)
        wifi.connect(TARGET, handler)
        clock.advance(1000)
        expect(told).toEqual(["reached", "opened"])
    })
})
