// The simulated network: durations, losses and failures of a board's connection. The virtual clock.
import { type Link, seededRandom } from "@moorage/runtime"
import type { NetworkTarget } from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { VirtualClock } from "../../../../tools/simulator/world/virtual-clock.js"
import {
    type HostState,
    type NetworkEvent,
    BoardNetwork,
    type LinkParameters,
} from "../../../../tools/simulator/world/simulated-network.js"

const TARGET: NetworkTarget = { host: "hub.example", port: 8883, tls: true }
const PARAMETERS: LinkParameters = { latencyMs: [30, 30], loss: 0, kbps: 800, dnsMs: 10, tlsMs: 1200 }

function createNetwork(
    parameters: Partial<LinkParameters> = {},
    outages: { state?: HostState; resolves?: boolean } = {}
) {
    const clock = new VirtualClock()
    const events: { kind: NetworkEvent["kind"]; atMs: number; detail?: string }[] = []
    const others: number[] = []
    let peer: Link | undefined
    const network = new BoardNetwork({
        clock,
        random: seededRandom(1),
        parameters: { ...PARAMETERS, ...parameters },
        outages: {
            hostState: () => outages.state ?? "up",
            resolves: () => outages.resolves ?? true,
        },
        acceptLink: (_, link) => {
            peer = link
            link.listen({ data: bytes => link.send(bytes), closed: () => undefined })
        },
        emit: event => {
            if (event.kind === "dial") others.push(event.others)
            events.push({
                kind: event.kind,
                atMs: clock.elapsedMs(),
                detail: event.kind === "fail" ? event.where : undefined,
            })
        },
    })
    let board: Link | undefined
    const received: { atMs: number; bytes: number }[] = []
    const closed: number[] = []
    const connect = (target = TARGET) =>
        network.connect(target, {
            tcpConnected: () => undefined,
            opened: link => {
                board = link
                link.listen({
                    data: bytes => received.push({ atMs: clock.elapsedMs(), bytes: bytes.length }),
                    closed: () => closed.push(clock.elapsedMs()),
                })
            },
            failed: () => undefined,
        })
    return {
        clock,
        network,
        events,
        others,
        received,
        closed,
        connect,
        send: (bytes: number) => board?.send(new Uint8Array(bytes)),
        close: () => board?.close(),
        hangUp: () => peer?.abort(),
        kinds: () => events.map(({ kind }) => kind),
    }
}

describe("a connection", () => {
    test("takes a DNS lookup, one round trip for TCP, and two round trips and computing time for TLS", () => {
        const { clock, connect, events } = createNetwork()
        connect()
        clock.runTo(60_000)
        expect(events).toEqual([
            { kind: "dial", atMs: 0 },
            { kind: "open", atMs: 10 + 60 + 120 + 1200 },
        ])
    })

    test("without TLS takes a DNS lookup and one round trip", () => {
        const { clock, connect, events } = createNetwork()
        connect({ ...TARGET, tls: false })
        clock.runTo(60_000)
        expect(events.at(-1)).toEqual({ kind: "open", atMs: 10 + 60 })
    })

    test("delays a packet by latency and bandwidth in each direction", () => {
        const { clock, connect, received, send } = createNetwork()
        connect()
        clock.runTo(2_000)
        send(1000)
        clock.runTo(60_000)
        // 1,000 bytes at 800 kbit/s are 10 ms.
        expect(received).toEqual([{ atMs: 2_000 + 2 * (30 + 10), bytes: 1000 }])
    })

    test("keeps the order of packets when the latency varies", () => {
        const { clock, connect, received, send } = createNetwork({ latencyMs: [1, 500], loss: 0.2 })
        connect()
        clock.runTo(10_000)
        for (let i = 1; i <= 20; i++) send(i)
        clock.runTo(600_000)
        expect(received.map(({ bytes }) => bytes)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    })

    test("with losses delivers all bytes later, by TCP's retransmissions", () => {
        const lossless = createNetwork({ loss: 0 })
        const lossy = createNetwork({ loss: 0.5 })
        for (const { connect, clock, send } of [lossless, lossy]) {
            connect()
            clock.runTo(600_000)
            send(100)
            clock.runTo(1_200_000)
        }
        expect(lossy.received).toHaveLength(1)
        expect(lossy.received[0].atMs).toBeGreaterThan(lossless.received[0].atMs)
    })

    test("ended by the board emits hangUp, ended by the peer emits lost", () => {
        const mine = createNetwork()
        mine.connect()
        mine.clock.runTo(5_000)
        mine.close()
        mine.clock.runTo(10_000)
        expect(mine.kinds()).toEqual(["dial", "open", "hangUp"])

        const theirs = createNetwork()
        theirs.connect()
        theirs.clock.runTo(5_000)
        theirs.hangUp()
        theirs.clock.runTo(10_000)
        expect(theirs.kinds()).toEqual(["dial", "open", "lost"])
        expect(theirs.closed).toEqual([5_030])
    })

    test("reports the number of other open connections", () => {
        const { clock, connect, others } = createNetwork()
        connect()
        connect()
        clock.runTo(10_000)
        expect(others).toEqual([0, 1])
    })
})

describe("a host", () => {
    test.each([
        ["refuse", "connect", 10 + 60],
        ["drop", "connect", 10 + 18_000],
    ] as const)("that is down (%s) fails with %s", (state, where, atMs) => {
        const { clock, connect, events } = createNetwork({}, { state })
        connect()
        clock.runTo(60_000)
        expect(events.at(-1)).toEqual({ kind: "fail", atMs, detail: where })
    })

    test("that is mute never completes the TLS handshake until the board gives up", () => {
        const { clock, connect, kinds } = createNetwork({}, { state: "mute" })
        const attempt = connect()
        clock.runTo(3_600_000)
        expect(kinds()).toEqual(["dial"])
        attempt.abort()
        expect(kinds()).toEqual(["dial", "hangUp"])
    })

    test("whose name does not resolve fails after 5 s", () => {
        const { clock, connect, events } = createNetwork({}, { resolves: false })
        connect()
        clock.runTo(60_000)
        expect(events.at(-1)).toEqual({ kind: "fail", atMs: 5_000, detail: "resolve" })
    })
})

describe("a partition", () => {
    test("delays packets until a retransmission after its end", () => {
        const { clock, connect, network, received, send } = createNetwork()
        connect()
        clock.runTo(2_000)
        network.cutUntil(clock.nowMs() + 10_000)
        send(10)
        clock.runTo(60_000)
        // Retransmissions at 0.5, 1.5, 3.5, 7.5 and 15.5 s.
        expect(received).toHaveLength(1)
        expect(received[0].atMs).toBeGreaterThanOrEqual(2_000 + 15_500 + 60)
        expect(received[0].atMs).toBeLessThan(2_000 + 15_500 + 61)
    })

    test("that is longer than TCP's retransmissions drops packets", () => {
        const { clock, connect, network, received, send, kinds } = createNetwork()
        connect()
        clock.runTo(2_000)
        network.cutUntil(clock.nowMs() + 3600_000)
        send(10)
        clock.runTo(7200_000)
        expect(received).toEqual([])
        expect(kinds()).toEqual(["dial", "open"])
    })

    test("lets no name resolve during the partition", () => {
        const { clock, connect, network, events } = createNetwork()
        network.cutUntil(clock.nowMs() + 60_000)
        connect()
        clock.runTo(30_000)
        expect(events.at(-1)).toMatchObject({ kind: "fail", detail: "resolve" })
    })
})

describe("a half-open link", () => {
    test("drops all packets without an event, and a new connection works", () => {
        const { clock, connect, network, received, send, kinds } = createNetwork()
        connect()
        clock.runTo(2_000)
        network.dropSilently()
        send(10)
        clock.runTo(3600_000)
        expect(received).toEqual([])
        expect(kinds()).toEqual(["dial", "open"])
        connect()
        clock.runTo(3602_000)
        send(10)
        clock.runTo(3605_000)
        expect(received).toHaveLength(1)
    })
})

describe("the virtual clock", () => {
    test("runs calls in the order of their time, and calls at the same time in the order of scheduling", () => {
        const clock = new VirtualClock()
        const seen: string[] = []
        clock.after(20, () => seen.push("c"))
        clock.after(10, () => seen.push("a"))
        clock.after(10, () => seen.push("b"))
        expect(clock.runTo(20)).toBe(true)
        expect(seen).toEqual(["a", "b", "c"])
        expect(clock.elapsedMs()).toBe(20)
    })

    test("stops after the given number of calls, and continues later", () => {
        const clock = new VirtualClock()
        let count = 0
        for (let i = 0; i < 10; i++) clock.after(i, () => count++)
        expect(clock.runTo(100, 4)).toBe(false)
        expect(count).toBe(4)
        expect(clock.runTo(100, 100)).toBe(true)
        expect(count).toBe(10)
    })

    test("does not run cancelled calls, also if there are many", () => {
        const clock = new VirtualClock()
        let count = 0
        const timers = Array.from({ length: 50_000 }, (_, i) => clock.after(i, () => count++))
        for (const timer of timers.slice(1)) timer.cancel()
        timers[1].cancel()
        expect(clock.runTo(60_000)).toBe(true)
        expect(count).toBe(1)
    })
})
