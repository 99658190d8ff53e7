// The board's only socket, with the limits and errors of the ESP32 port.
import { CHUNK_BYTES, COMMAND_QUEUE_LENGTH, type DialAnswer, TCP_WINDOW_BYTES } from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { type ProbeBoard, TCP_PEER, TLS_PEER, createProbeBoard } from "../../../helpers/probe-board.js"

/** Records what the peer's end of a connection receives. */
function recordPeer(b: ProbeBoard, index = 0) {
    const seen = { bytes: Buffer.alloc(0), closed: false, error: undefined as Error | undefined }
    b.peers[index]?.listen({
        data: bytes => {
            seen.bytes = Buffer.concat([seen.bytes, bytes])
        },
        closed: error => {
            seen.closed = true
            seen.error = error
        },
    })
    return seen
}

/** Returns the log lines `piece <length> <first byte>` as pairs. */
const pieces = (log: string[]) =>
    log.flatMap(line => {
        const [, length, first] = /^piece (\d+) (\d+)$/.exec(line) ?? []
        return length ? [[Number(length), Number(first)] as const] : []
    })

async function openConnection(mode: string, peer: object, settings = {}, options = {}): Promise<ProbeBoard> {
    const b = await createProbeBoard(mode, { peer, ...settings }, options)
    b.board.powerOn()
    b.clock.advanceUntil(() => b.peers.length > 0, 20_000)
    return b
}

describe("a socket that receives", () => {
    test("delivers chunks of at most 1024 bytes in order", async () => {
        const b = await openConnection("listen", TCP_PEER)
        b.until("open")
        recordPeer(b)
        const sent = Buffer.from(Array.from({ length: 5000 }, (_, i) => Math.floor(i / CHUNK_BYTES) + 1))
        b.peers[0]?.send(sent)
        b.clock.advance(1000)
        expect(pieces(b.log)).toEqual([
            [1024, 1],
            [1024, 2],
            [1024, 3],
            [1024, 4],
            [904, 5],
        ])
        expect(b.board.stats.bytesReceived).toBe(5000)
    })

    test("reads at most one TCP window per turn of the main loop", async () => {
        const b = await openConnection("listen", TCP_PEER)
        b.until("open")
        b.peers[0]?.send(Buffer.alloc(20_000))
        const perTurn: number[] = []
        let before = 0
        let wakes = b.board.stats.wakes
        b.clock.advanceUntil(() => {
            const { bytesReceived, wakes: now } = b.board.stats
            if (bytesReceived !== before && now !== wakes) perTurn.push(bytesReceived - before)
            before = bytesReceived
            wakes = now
            return bytesReceived === 20_000
        }, 5000)
        expect(Math.max(...perTurn)).toBe(TCP_WINDOW_BYTES)
        expect(perTurn.length).toBe(Math.ceil(20_000 / TCP_WINDOW_BYTES))
    })

    test("exhausts the heap with a burst that is larger, as on the device", async () => {
        const b = await openConnection("listen", TCP_PEER, {}, { heapBytes: 40 * 1024 })
        b.until("open")
        b.peers[0]?.send(Buffer.alloc(60_000))
        b.clock.advance(2000)
        expect(b.board.stats.panicCodes).toEqual([60004])
    })

    test("reports the end of the stream after the last data", async () => {
        const b = await openConnection("listen", TCP_PEER)
        b.until("open")
        const seen = recordPeer(b)
        b.peers[0]?.send(Buffer.from([7, 8, 9]))
        b.peers[0]?.close()
        b.until("closed")
        expect(pieces(b.log)).toEqual([[3, 7]])
        expect(b.log.indexOf("closed")).toBeGreaterThan(b.log.indexOf("piece 3 7"))
        expect(seen.closed).toBe(true)
    })

    test.each([
        ["tcp", TCP_PEER, "recv error"],
        ["tls", TLS_PEER, "mbedtls_ssl_read"],
    ])("reports a broken %s stream with the error text of sock.c", async (_, peer, message) => {
        const b = await openConnection("listen", peer)
        b.until("open")
        b.peers[0]?.abort()
        b.until(`failed: socket ${peer.proto}://peer.test:${peer.port}: ${message}`)
        expect(b.board.stats.socketErrors).toBe(1)
    })
})

describe("a socket that sends", () => {
    test("transmits and counts the data of the program", async () => {
        const b = await openConnection("echo", TCP_PEER)
        const seen = recordPeer(b)
        b.until("open")
        b.peers[0]?.send(Buffer.from("round trip"))
        b.until("echoed")
        b.clock.advance(100)
        expect(seen.bytes.toString()).toBe("round trip")
        expect(b.board.stats).toMatchObject({ bytesSent: 10, bytesReceived: 10, socketsOpened: 1 })
    })

    test("queues 50 commands while its worker is stalled, and rejects the next with -1", async () => {
        const b = await openConnection("flood", TCP_PEER)
        b.until("open")
        b.board.stallSocket(true)
        b.until(`write ${COMMAND_QUEUE_LENGTH} gave -1`)
        const seen = recordPeer(b)
        expect(b.board.stats.bytesSent).toBe(0)
        b.board.stallSocket(false)
        b.clock.advance(1000)
        expect(seen.bytes.length).toBe(COMMAND_QUEUE_LENGTH * 10)
    })

    test("fills the send buffer and then the queue when the peer reads nothing", async () => {
        const b = await openConnection("flood", TCP_PEER, {}, { latencyMs: 1000 })
        b.until("write ")
        const written = /^write (\d+) gave -1$/.exec(b.log.find(line => line.startsWith("write ")) ?? "")
        const inBuffer = Math.floor(TCP_WINDOW_BYTES / 10) + 1
        expect(Number(written?.[1])).toBe(inBuffer + COMMAND_QUEUE_LENGTH)
    })
})

describe("a socket that connects", () => {
    test.each([
        ["resolve", "can't resolve host"],
        ["connect", "can't connect"],
        ["handshake", "mbedtls_ssl_handshake"],
    ] as const)("reports a failure to %s with the error text of the ESP32 port", async (answer, message) => {
        const b = await createProbeBoard("listen", { peer: TLS_PEER }, { answer: () => answer })
        b.board.powerOn()
        b.until(`failed: socket tls://peer.test:8883: ${message}`)
        expect(b.board.stats).toMatchObject({ socketsOpened: 1, socketErrors: 1, tlsHandshakes: 0 })
    })

    test("opens TLS only after the handshake", async () => {
        const b = await createProbeBoard("listen", { peer: TLS_PEER }, { latencyMs: 1000 })
        b.board.powerOn()
        b.clock.advanceUntil(() => b.board.stats.socketsOpened === 1, 20_000)
        const dialledMs = b.clock.nowMs()
        b.until("open")
        // TCP takes two one-way delays, TLS 1.2 takes four.
        expect(b.clock.nowMs() - dialledMs).toBeGreaterThanOrEqual(6000)
        expect(b.board.stats.tlsHandshakes).toBe(1)
    })

    test("blocks its worker while a peer does not answer the handshake, so that later connections wait", async () => {
        const peer = { ...TLS_PEER, timeout: 5000 }
        const b = await createProbeBoard("dial-twice", { peer }, { answer: () => "mute" })
        b.board.powerOn()
        b.until("first failed: socket tls://peer.test:8883: Timeout")
        b.until("second failed: socket tls://peer.test:8883: Timeout")
        expect(b.board.stats).toMatchObject({ socketsOpened: 1, socketErrors: 0 })
    })

    test("frees its worker when it is closed during the handshake", async () => {
        const answers: DialAnswer[] = ["mute", "accept"]
        const settings = { peer: { ...TLS_PEER, timeout: 5000 }, close: true }
        const b = await createProbeBoard("dial-twice", settings, { answer: () => answers.shift() ?? "mute" })
        b.board.powerOn()
        b.until("first failed: socket tls://peer.test:8883: Timeout")
        b.until("second open")
        expect(b.board.stats).toMatchObject({ socketsOpened: 2, tlsHandshakes: 1, socketErrors: 0 })
    })

    test("fails to connect to a peer that sends first, because two events in one turn become one, as on the device", async () => {
        const b = await openConnection("echo", TCP_PEER)
        b.peers[0]?.send(Buffer.from("220 ready"))
        b.until("failed: Assertion failed")
        expect(b.log).not.toContain("open")
    })

    test("throws immediately in connect() without a network", async () => {
        const b = await createProbeBoard("listen", { peer: TCP_PEER })
        b.network.isAvailable = false
        b.board.powerOn()
        b.until("failed: network not available")
        expect(b.board.stats.socketsOpened).toBe(0)
    })

    test("closes the first connection when a second connection is opened", async () => {
        const b = await openConnection("dial-twice", TCP_PEER)
        const first = recordPeer(b)
        b.until("second open")
        b.clock.advance(100)
        expect(first).toMatchObject({ closed: true, error: undefined })
        expect(b.peers.length).toBe(2)
    })
})

describe("a socket whose board loses power", () => {
    test("resets the connection to the peer", async () => {
        const b = await openConnection("listen", TCP_PEER)
        b.until("open")
        const seen = recordPeer(b)
        b.board.powerOff()
        b.clock.advance(100)
        expect(seen.closed).toBe(true)
        expect(seen.error?.message).toBe("connection reset")
        expect(b.clock.nextAtMs()).toBeUndefined()
    })

    test("leaves no timer of a connection attempt", async () => {
        const b = await createProbeBoard("listen", { peer: TLS_PEER }, { latencyMs: 1000 })
        b.board.powerOn()
        b.clock.advanceUntil(() => b.board.stats.socketsOpened === 1, 20_000)
        b.board.powerOff()
        expect(b.clock.nextAtMs()).toBeUndefined()
    })

    test("stays open when only the program restarts, until the next connection", async () => {
        const b = await openConnection("listen", TCP_PEER, {}, { heapBytes: 16 * 1024 })
        b.until("open")
        const seen = recordPeer(b)
        b.peers[0]?.send(Buffer.alloc(30_000))
        b.clock.advanceUntil(() => b.board.stats.panics === 1, 5000)
        b.clock.advance(1000)
        expect(seen.closed).toBe(false)
        b.clock.advanceUntil(() => seen.closed, 20_000)
        expect(b.board.stats).toMatchObject({ socketsOpened: 2, programStarts: 2, boots: 1 })
    })
})
