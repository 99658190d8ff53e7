import { CHUNK_BYTES, COMMAND_QUEUE_LENGTH, type DialAnswer, TCP_WINDOW_BYTES } from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { type ProbeBoard, TCP_PEER, TLS_PEER, createProbeBoard } from "../../../helpers/probe-board.js"

/** What the peer's end of a connection saw. */
function watch(b: ProbeBoard, index = 0) {
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

/** `piece <length> <first byte>` lines as pairs. */
const pieces = (log: string[]) =>
    log.flatMap(line => {
        const [, length, first] = /^piece (\d+) (\d+)$/.exec(line) ?? []
        return length ? [[Number(length), Number(first)] as const] : []
    })

async function open(mode: string, peer: object, settings = {}, options = {}): Promise<ProbeBoard> {
    const b = await createProbeBoard(mode, { peer, ...settings }, options)
    b.board.powerOn()
    b.clock.advanceUntil(() => b.peers.length > 0, 20_000)
    return b
}

describe("receiving", () => {
    test("comes in pieces of at most 1024 bytes, in order", async () => {
        const b = await open("listen", TCP_PEER)
        b.until("open")
        watch(b)
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

    test("takes at most one TCP window in one turn of the main loop", async () => {
        const b = await open("listen", TCP_PEER)
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

    test("a burst larger than the heap exhausts it, as nothing holds the data back on the device either", async () => {
        const b = await open("listen", TCP_PEER, {}, { heapBytes: 40 * 1024 })
        b.until("open")
        b.peers[0]?.send(Buffer.alloc(60_000))
        b.clock.advance(2000)
        expect(b.board.stats.panicCodes).toEqual([60004])
    })

    test("the end of the stream comes after its last data", async () => {
        const b = await open("listen", TCP_PEER)
        b.until("open")
        const seen = watch(b)
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
    ])("a broken %s stream is told by the name sock.c has for it", async (_, peer, message) => {
        const b = await open("listen", peer)
        b.until("open")
        b.peers[0]?.abort()
        b.until(`failed: socket ${peer.proto}://peer.test:${peer.port}: ${message}`)
        expect(b.board.stats.socketErrors).toBe(1)
    })
})

describe("sending", () => {
    test("what the program sends arrives, and is counted", async () => {
        const b = await open("echo", TCP_PEER)
        const seen = watch(b)
        b.until("open")
        b.peers[0]?.send(Buffer.from("round trip"))
        b.until("echoed")
        b.clock.advance(100)
        expect(seen.bytes.toString()).toBe("round trip")
        expect(b.board.stats).toMatchObject({ bytesSent: 10, bytesReceived: 10, socketsOpened: 1 })
    })

    test("a worker that is stuck takes 50 commands and refuses the next with -1", async () => {
        const b = await open("flood", TCP_PEER)
        b.until("open")
        b.board.stallSocket(true)
        b.until(`write ${COMMAND_QUEUE_LENGTH} gave -1`)
        const seen = watch(b)
        expect(b.board.stats.bytesSent).toBe(0)
        b.board.stallSocket(false)
        b.clock.advance(1000)
        expect(seen.bytes.length).toBe(COMMAND_QUEUE_LENGTH * 10)
    })

    test("a peer that takes nothing fills the send buffer first, then the queue", async () => {
        const b = await open("flood", TCP_PEER, {}, { latencyMs: 1000 })
        b.until("write ")
        const written = /^write (\d+) gave -1$/.exec(b.log.find(line => line.startsWith("write ")) ?? "")
        const inBuffer = Math.floor(TCP_WINDOW_BYTES / 10) + 1
        expect(Number(written?.[1])).toBe(inBuffer + COMMAND_QUEUE_LENGTH)
    })
})

describe("connecting", () => {
    test.each([
        ["resolve", "can't resolve host"],
        ["connect", "can't connect"],
        ["handshake", "mbedtls_ssl_handshake"],
    ] as const)("a failure to %s is told as the ESP32 port tells it", async (answer, message) => {
        const b = await createProbeBoard("listen", { peer: TLS_PEER }, { answer: () => answer })
        b.board.powerOn()
        b.until(`failed: socket tls://peer.test:8883: ${message}`)
        expect(b.board.stats).toMatchObject({ socketsOpened: 1, socketErrors: 1, tlsHandshakes: 0 })
    })

    test("TLS is open only after its handshake", async () => {
        const b = await createProbeBoard("listen", { peer: TLS_PEER }, { latencyMs: 1000 })
        b.board.powerOn()
        b.clock.advanceUntil(() => b.board.stats.socketsOpened === 1, 20_000)
        const dialledMs = b.clock.nowMs()
        b.until("open")
        // Two ways for TCP, four for TLS 1.2.
        expect(b.clock.nowMs() - dialledMs).toBeGreaterThanOrEqual(6000)
        expect(b.board.stats.tlsHandshakes).toBe(1)
    })

    test("a peer that stays mute in the handshake holds the worker: later connections only wait", async () => {
        const peer = { ...TLS_PEER, timeout: 5000 }
        const b = await createProbeBoard("dialtwice", { peer }, { answer: () => "mute" })
        b.board.powerOn()
        b.until("first failed: socket tls://peer.test:8883: Timeout")
        b.until("second failed: socket tls://peer.test:8883: Timeout")
        expect(b.board.stats).toMatchObject({ socketsOpened: 1, socketErrors: 0 })
    })

    test("closing under the handshake frees the worker", async () => {
        const answers: DialAnswer[] = ["mute", "accept"]
        const settings = { peer: { ...TLS_PEER, timeout: 5000 }, close: true }
        const b = await createProbeBoard("dialtwice", settings, { answer: () => answers.shift() ?? "mute" })
        b.board.powerOn()
        b.until("first failed: socket tls://peer.test:8883: Timeout")
        b.until("second open")
        expect(b.board.stats).toMatchObject({ socketsOpened: 2, tlsHandshakes: 1, socketErrors: 0 })
    })

    test("a peer that speaks first breaks connect(), as on the device: two events in one turn become one", async () => {
        const b = await open("echo", TCP_PEER)
        b.peers[0]?.send(Buffer.from("220 ready"))
        b.until("failed: Assertion failed")
        expect(b.log).not.toContain("open")
    })

    test("without an address connect() throws at once", async () => {
        const b = await createProbeBoard("listen", { peer: TCP_PEER })
        b.network.available = false
        b.board.powerOn()
        b.until("failed: network not available")
        expect(b.board.stats.socketsOpened).toBe(0)
    })

    test("one socket at a time: the second connection closes the first", async () => {
        const b = await open("dialtwice", TCP_PEER)
        const first = watch(b)
        b.until("second open")
        b.clock.advance(100)
        expect(first).toMatchObject({ closed: true, error: undefined })
        expect(b.peers.length).toBe(2)
    })
})

describe("losing power", () => {
    test("the peer sees a reset", async () => {
        const b = await open("listen", TCP_PEER)
        b.until("open")
        const seen = watch(b)
        b.board.powerOff()
        b.clock.advance(100)
        expect(seen.closed).toBe(true)
        expect(seen.error?.message).toBe("connection reset")
        expect(b.clock.nextAtMs()).toBeUndefined()
    })

    test("a connection that was under way leaves nothing behind", async () => {
        const b = await createProbeBoard("listen", { peer: TLS_PEER }, { latencyMs: 1000 })
        b.board.powerOn()
        b.clock.advanceUntil(() => b.board.stats.socketsOpened === 1, 20_000)
        b.board.powerOff()
        expect(b.clock.nextAtMs()).toBeUndefined()
    })

    test("a restart of the program leaves the socket as it is; the next connection closes it", async () => {
        const b = await open("listen", TCP_PEER, {}, { heapBytes: 16 * 1024 })
        b.until("open")
        const seen = watch(b)
        b.peers[0]?.send(Buffer.alloc(30_000))
        b.clock.advanceUntil(() => b.board.stats.panics === 1, 5000)
        b.clock.advance(1000)
        expect(seen.closed).toBe(false)
        b.clock.advanceUntil(() => seen.closed, 20_000)
        expect(b.board.stats).toMatchObject({ socketsOpened: 2, programStarts: 2, boots: 1 })
    })
})
