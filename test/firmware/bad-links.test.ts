// Connections that fail in unusual ways. The board leaves each of them within the limits of its constants:
//
//   timeouts: TCP and TLS 30 s, CONNACK 70 s, PUBACK 3 times 20 s, other MQTT answers 20 s, DPS answers 60 s, HTTP 30 s
//   PINGREQ after three quarters of the keep alive (hub 240 s, DPS 60 s)
//   refused writes: repeated for 2 s
//   waits: at first 1 to 2 s at DPS and 60 to 120 s at the hub, at most 5 min
//   reboot: after 7 timeouts in a row
import { COMMAND_QUEUE_LENGTH, writeSettings } from "@moorage/vm"
import { generate } from "mqtt-packet"
import { describe, expect, test } from "vitest"
import { bootUntilStable, IMAGES, registrationsOf, telemetryOf } from "../helpers/board-calls.js"
import { createWorld } from "../helpers/firmware-world.js"
import {
    answerRequests,
    createHostileWorld,
    type HostileWorld,
    isDpsHttps,
    isDpsMqtt,
    isHub,
    neverAnswer,
} from "../helpers/hostile-world.js"

const DPS_WAIT_SEC = 2
/** Method calls: one more than fits into the write queue, and three for the receive queue of the board. */
const CALLS = COMMAND_QUEUE_LENGTH + 4
const HUB_WAIT_SEC = 120
/** Upper limit of the time for a boot, the handshakes, and a registration with its polls. */
const WORK_SEC = 15

const HEAP_BYTES = { main: 64 * 1024, maintight: 40 * 1024 }

async function startStable(image: "main" | "maintight", settings: Record<string, unknown> = {}) {
    const world = await createHostileWorld({ image, settings, heapBytes: HEAP_BYTES[image] })
    world.board.powerOn()
    world.untilLogged("stable")
    return world
}

const currentHub = (world: HostileWorld) => world.cloud.hub(world.latest.dial.host)
const isPubAck = (bytes: Uint8Array) => bytes[0] === 0x40

/** Expects that the board sends telemetry and did not reset, panic or register again. */
function expectHealthy(world: HostileWorld): void {
    const before = telemetryOf(world).length
    world.advanceSec(65)
    expect(telemetryOf(world).length).toBeGreaterThanOrEqual(before + 2)
    expect(world.board.stats).toMatchObject({ resets: 0, panics: 0 })
    expect(registrationsOf(world)).toBe(1)
}

describe.each(IMAGES)("the image %s with a peer that accepts and never answers", image => {
    test("leaves DPS over HTTPS after 30 s and retries within 2 s", async () => {
        const world = await createHostileWorld({ image })
        world.useBehaviour(neverAnswer, isDpsHttps)
        world.board.powerOn()
        world.untilLogged("no HTTP response", WORK_SEC + 30)
        expect(world.secUntilDial("global", DPS_WAIT_SEC + 1)).toBeGreaterThanOrEqual(1)
        world.untilLogged(/^moored/, WORK_SEC)
    })

    test("leaves DPS over MQTT after 70 s and retries within 2 s", async () => {
        const world = await createHostileWorld({ image })
        world.useBehaviour(neverAnswer, isDpsMqtt)
        world.board.powerOn()
        world.untilLogged("no CONNACK", WORK_SEC + 70)
        expect(world.secUntilDial("global", DPS_WAIT_SEC + 1)).toBeGreaterThanOrEqual(1)
        world.untilLogged(/^moored/, WORK_SEC)
    })

    test("leaves DPS 60 s after an unanswered registration and retries within 2 s", async () => {
        const world = await createHostileWorld({ image })
        world.cloud.faultRules.add({ on: "register", times: 1, fault: { mute: true } })
        world.board.powerOn()
        world.untilLogged(/no (answer from DPS|PUBACK)/, WORK_SEC + 60)
        world.untilLogged(/^moored/, DPS_WAIT_SEC + WORK_SEC)
    })

    test("leaves the hub after 70 s each time and retries within 2 min, then 4 min, without DPS", async () => {
        const world = await createHostileWorld({ image })
        world.useBehaviour(neverAnswer, isHub, 2)
        world.board.powerOn()
        for (const waitSec of [HUB_WAIT_SEC, 2 * HUB_WAIT_SEC]) {
            world.untilLogged("no CONNACK", WORK_SEC + 70)
            expect(world.secUntilDial("hub", waitSec + 1)).toBeGreaterThanOrEqual(60)
        }
        world.untilLogged(/^moored/, WORK_SEC)
        expectHealthy(world)
    })
})

describe.each(IMAGES)("the image %s with a TLS handshake that blocks the socket worker", image => {
    test("reboots and is moored within 8 min when DPS blocks the worker", async () => {
        let blockedConnections = 1
        const world = await createHostileWorld({
            image,
            answer: () => (blockedConnections-- > 0 ? "mute" : "accept"),
        })
        world.board.powerOn()
        // 7 times 30 s, and waits of at most 2, 4, 8, ... 128 s.
        world.untilLogged(/^moored/, 7 * 30 + 254 + WORK_SEC)
        expect(world.board.stats).toMatchObject({ resets: 1, panics: 0 })
        // The first connection was never answered, and the blocked worker started no other.
        expect(world.logged("connect timed out")).toHaveLength(7)
    })

    test("reboots and is moored within 38 min, without a second registration, when the hub blocks the worker", async () => {
        let blockedConnections = 0
        const world = await createHostileWorld({
            image,
            answer: () => (blockedConnections-- > 0 ? "mute" : "accept"),
        })
        world.board.powerOn()
        world.untilLogged("stable")
        blockedConnections = 1
        currentHub(world).disconnect("board-1")
        // 7 times 30 s, and waits of at most 2, 4 and 5 min.
        world.untilLogged(/^moored/, 7 * 30 + 120 + 240 + 6 * 300 + WORK_SEC)
        expect(world.board.stats).toMatchObject({ resets: 1, panics: 0 })
        expect(registrationsOf(world)).toBe(1)
    })
})

describe.each(IMAGES)("the image %s with a peer that vanishes silently", image => {
    test("ends the session within 90 s when telemetry is due every 30 s, and moors again within 2 min", async () => {
        const world = await startStable(image)
        world.latest.filter.hasVanished = true
        world.untilLogged("no PUBACK", 30 + 60 + 1)
        world.untilLogged(/^moored/, HUB_WAIT_SEC + WORK_SEC)
        expectHealthy(world)
    })

    test("ends an idle session within 200 s by its PINGREQ, and moors again within 2 min", async () => {
        const world = await startStable(image, { TELEMETRY_SEC: 86_400 })
        world.advanceSec(1000)
        world.latest.filter.hasVanished = true
        world.untilLogged("no PINGRESP", 180 + 20 + 1)
        world.untilLogged(/^moored/, HUB_WAIT_SEC + WORK_SEC)
        expect(world.board.stats.resets).toBe(0)
    })

    test("notices the loss within 65 s in a long wait between two polls, and polls no sooner than DPS requested", async () => {
        const retryAfterSec = 600
        const world = await createHostileWorld({ image, retryAfterSec })
        world.board.powerOn()
        world.untilLogged("registering")
        world.advanceSec(1)
        world.latest.filter.hasVanished = true
        world.untilLogged("no PINGRESP", 45 + 20 + 1)
        world.untilLogged(/^moored/, retryAfterSec + WORK_SEC)
        const [registered, polled] = ["register", "poll"].map(
            kind => world.cloud.history.find(event => event.kind === kind)?.atMs ?? 0
        )
        expect(polled - registered).toBeGreaterThanOrEqual(retryAfterSec * 1000)
        expect(registrationsOf(world)).toBe(1)
    })
})

describe.each(IMAGES)("the image %s with a stalled socket worker", image => {
    test("keeps its session and loses nothing in a stall of 15 s", async () => {
        const world = await startStable(image)
        world.advanceSec(19)
        world.board.stallSocket(true)
        world.advanceSec(15)
        world.board.stallSocket(false)
        expectHealthy(world)
        const sent = telemetryOf(world).map(event => JSON.parse(event.body ?? "").uptimeSec)
        for (const [i, sec] of sent.slice(1).entries()) expect(sec - sent[i]).toBeLessThanOrEqual(31)
        expect(world.logged(/^moored/)).toHaveLength(1)
    })

    test("ends its session after 90 s of a long stall, and moors again within 5 min after the stall without a reboot", async () => {
        const world = await startStable(image)
        world.board.stallSocket(true)
        world.untilLogged("no PUBACK", 30 + 60 + 1)
        world.advanceSec(300 - 90)
        world.board.stallSocket(false)
        world.untilLogged(/^moored/, 300 + WORK_SEC)
        expectHealthy(world)
    })

    /** Fills the write queue with answers to methods, because the board does not limit these. */
    function fillWriteQueue(world: HostileWorld): void {
        world.board.stallSocket(true)
        for (let i = 0; i < CALLS; i++) {
            const call = currentHub(world).invokeMethod("board-1", `m${i}`, null, { timeoutMs: 300_000 })
            call.catch(() => {})
            world.advanceSec(0.02)
        }
    }

    test("keeps its session and answers every method when the write queue is full for 1 s", async () => {
        const world = await startStable(image)
        fillWriteQueue(world)
        world.advanceSec(0.5)
        world.board.stallSocket(false)
        world.advanceSec(5)
        const answers = world.cloud.history.filter(event => event.kind === "methodResponse")
        expect(answers).toHaveLength(CALLS)
        expectHealthy(world)
        expect(world.logged(/^moored/)).toHaveLength(1)
    })

    test("ends its session after 2 s of refused writes when the write queue stays full, and moors again within 2 min", async () => {
        const world = await startStable(image)
        fillWriteQueue(world)
        world.untilLogged("send failed", 3)
        world.advanceSec(10)
        world.board.stallSocket(false)
        world.untilLogged(/^moored/, HUB_WAIT_SEC + WORK_SEC)
        expectHealthy(world)
    })

    test("reboots within 38 min when a connection attempt is lost in the full write queue", async () => {
        const world = await startStable(image)
        fillWriteQueue(world)
        world.untilLogged("connect timed out", HUB_WAIT_SEC + 60)
        world.board.stallSocket(false)
        world.untilLogged(/^moored/, 7 * 30 + 240 + 6 * 300 + WORK_SEC)
        expect(world.board.stats).toMatchObject({ resets: 1, panics: 0 })
        expect(registrationsOf(world)).toBe(1)
    })
})

describe.each(IMAGES)("the image %s with a late or missing PUBACK", image => {
    test("sends the message again after 20 s, as a duplicate in the same session", async () => {
        const world = await startStable(image)
        const { filter } = world.latest
        const sent: Uint8Array[] = []
        let lost = 0
        filter.fromBoard = bytes => {
            if ((bytes[0] & 0xf0) === 0x30) sent.push(bytes)
            return true
        }
        filter.toBoard = bytes => !isPubAck(bytes) || lost++ > 0
        const before = telemetryOf(world).length
        world.advanceSec(45)
        const [first, second] = telemetryOf(world).slice(before)
        expect(second.body).toBe(first.body)
        expect(second.atMs - first.atMs).toBe(20_000)
        const [, ...rest] = sent[0]
        expect(Array.from(sent[1])).toEqual([sent[0][0] | 8, ...rest])
        expectHealthy(world)
        expect(world.logged(/^moored/)).toHaveLength(1)
    })

    test("ends its session after three attempts without PUBACK, and moors again within 2 min", async () => {
        const world = await startStable(image)
        world.latest.filter.toBoard = bytes => !isPubAck(bytes)
        const before = telemetryOf(world).length
        world.untilLogged("no PUBACK", 30 + 60 + 1)
        // One message and two duplicates.
        const tries = telemetryOf(world).slice(before)
        expect(new Set(tries.map(event => event.body)).size).toBe(1)
        expect(tries).toHaveLength(3)
        world.untilLogged(/^moored/, HUB_WAIT_SEC + WORK_SEC)
        expectHealthy(world)
    })

    test("answers methods while each PUBACK takes longer than the telemetry interval", async () => {
        const world = await startStable(image, { TELEMETRY_SEC: 1 })
        const { link, filter } = world.latest
        filter.toBoard = bytes => {
            if (!isPubAck(bytes)) return true
            world.clock.after(1500, () => link.send(bytes))
            return false
        }
        world.advanceSec(10)
        const call = currentHub(world).invokeMethod("board-1", "Other", null, { timeoutMs: 30_000 })
        world.advanceSec(5)
        expect((await call).status).toBe(404)
    })
})

/** Returns 50 KB that consist of copies of `packet`. */
const burstOf = (packet: Buffer) => Buffer.concat(Array(Math.ceil(50_000 / packet.length)).fill(packet))

function publish(topic: string, size: number, messageId = 0): Buffer {
    const payload = Buffer.alloc(size, "x")
    return generate({
        cmd: "publish",
        topic,
        payload,
        qos: messageId ? 1 : 0,
        messageId,
        dup: false,
        retain: false,
    })
}

const DEVICEBOUND = "devices/board-1/messages/devicebound/"

describe.each(IMAGES)("the image %s with a burst of 50 KB", image => {
    test.each([
        ["messages of 2 KB", burstOf(publish(DEVICEBOUND, 2000, 5))],
        ["messages of 1 KB without acknowledgement", burstOf(publish(DEVICEBOUND, 1000))],
        ["topics of 1 KB", burstOf(publish("t".repeat(1000), 0))],
        ["messages of 5 bytes", burstOf(publish("a", 0))],
        ["one message", publish(DEVICEBOUND, 50_000, 5)],
        ["unexpected PINGRESP packets", burstOf(Buffer.from([0xd0, 0]))],
        ["unexpected PUBACK packets", burstOf(Buffer.from([0x40, 2, 0xff, 9]))],
    ])("keeps its session and its memory (burst: %s)", async (_, bytes) => {
        const world = await startStable(image)
        world.latest.link.send(bytes)
        world.advanceSec(5)
        expect(world.board.stats.bytesReceived).toBeGreaterThan(50_000)
        expectHealthy(world)
        expect(world.logged(/^moored/)).toHaveLength(1)
    })
})

describe.each(IMAGES)("the image %s with a peer that sends invalid MQTT", image => {
    test.each([
        ["50 KB of 0xff", Buffer.alloc(50_000, 0xff)],
        ["50 KB of zeros", Buffer.alloc(50_000)],
        ["50 KB of text", Buffer.alloc(50_000, "HTTP/1.1 400 Bad Request\r\n")],
        ["packet type 0", Buffer.from([0x0f, 0])],
        ["packet type 15", Buffer.from([0xf0, 0])],
        ["a remaining length of five bytes", Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 1])],
        ["a topic longer than its packet", Buffer.from([0x30, 5, 0, 9, 0x61, 0x61, 0x61])],
        ["a message at QoS 3", Buffer.from([0x36, 5, 0, 1, 0x61, 0, 7])],
        ["a message with packet identifier 0", Buffer.from([0x32, 5, 0, 1, 0x61, 0, 0])],
        ["a second CONNACK", Buffer.from([0x20, 2, 0, 0])],
    ])("ends the session immediately and moors again within 2 min after %s", async (_, bytes) => {
        const world = await startStable(image)
        world.latest.link.send(bytes)
        world.untilLogged(/malformed|unexpected/, 1)
        expect(world.secUntilDial("hub", HUB_WAIT_SEC + 1)).toBeGreaterThanOrEqual(60)
        world.untilLogged(/^moored/, WORK_SEC)
        expectHealthy(world)
    })
})

const DATE = "Date: Thu, 01 Jan 2026 00:00:02 GMT\r\n"
/** A valid answer to the HEAD request for the time. */
const TIME = `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 0\r\n\r\n`

function chunked(body: string): string {
    return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`
}

describe.each(IMAGES)("the image %s with a peer that sends invalid HTTP", image => {
    test.each([
        ["headers without end", ["HTTP/1.1 200 OK\r\n" + "X-Filler: aaaaaaaaaa\r\n".repeat(2500)]],
        ["50 KB of zeros", [Buffer.alloc(50_000)]],
        ["the banner of another protocol", ["SSH-2.0-x\r\n\r\n", "SSH-2.0-x\r\n\r\n"]],
        ["an answer without Date", ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]],
        ["an invalid Date", ["HTTP/1.1 200 OK\r\nDate: soon\r\nContent-Length: 0\r\n\r\n"]],
        ["a redirect", [TIME, "HTTP/1.1 301 Moved\r\nLocation: https://x/\r\nContent-Length: 0\r\n\r\n"]],
        ["a chunk size that is not a number", [TIME, chunked("zz\r\nnull\r\n0\r\n\r\n")]],
        ["a negative chunk size", [TIME, chunked("-4\r\nnull\r\n0\r\n\r\n")]],
        ["a chunk of nearly 4 GB", [TIME, chunked("ffffffff\r\nnull\r\n0\r\n\r\n")]],
        [
            "a body of 100 KB",
            [TIME, `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${"x".repeat(100_000)}`],
        ],
        ["a chunk of 100 KB", [TIME, chunked(`186a0\r\n${"x".repeat(100_000)}`)]],
        ["a body that never arrives", [TIME, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"]],
        ["a body that is not JSON", [TIME, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{{{{"]],
    ])("rejects %s within 30 s and moors afterwards", async (_, answers) => {
        const world = await createHostileWorld({ image, heapBytes: HEAP_BYTES[image] })
        world.useBehaviour(answerRequests(answers), isDpsHttps)
        // The full image sends a status lookup only if its record is invalid.
        if (image === "main") writeSettings(world.board.flash, { hub: "invalid" })
        world.board.powerOn()
        world.untilLogged("next in", WORK_SEC + 30)
        // The answer does not count as "never registered".
        expect(world.logged("no assignment")).toEqual([])
        expect(world.secUntilDial("global", 6)).toBeGreaterThanOrEqual(1)
        world.untilLogged(/^moored/, WORK_SEC)
        expectHealthy(world)
    })

    test("gives up after 30 s when the answer arrives at one byte per second", async () => {
        const world = await createHostileWorld({ image })
        const sendSlowly = (link: Parameters<typeof neverAnswer>[0]) => {
            neverAnswer(link)
            Buffer.from(TIME.padEnd(200)).forEach((byte, i) => {
                world.clock.after(i * 1000, () => link.send(Uint8Array.of(byte)))
            })
            return undefined
        }
        world.useBehaviour(sendSlowly, isDpsHttps)
        world.board.powerOn()
        world.untilLogged("no HTTP response", WORK_SEC + 30)
        world.untilLogged(/^moored/, DPS_WAIT_SEC + WORK_SEC)
    })
})

describe("a board that gets JSON nested 1,000 levels deep", () => {
    test.each(IMAGES)(
        "answers 400 to a method with this payload, because parsing it would reset the chip (image: %s)",
        async image => {
            const world = await startStable(image)
            const payload = JSON.parse("[".repeat(1000) + "]".repeat(1000))
            const calls = [payload, { delaySec: 1, more: { a: 1 } }].map(each =>
                currentHub(world).invokeMethod("board-1", "Reprovision", each, { timeoutMs: 5000 })
            )
            world.advanceSec(3)
            expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([400, 400])
            expectHealthy(world)
        }
    )
})

describe("a board that receives every byte in a chunk of its own", () => {
    test.each(["main", "maintight"] as const)(
        "moors as a blank board and after a power cut (image: %s)",
        async image => {
            const heapBytes = (image === "main" ? 64 : 40) * 1024
            const world = await createWorld({ image, byteByByte: true, heapBytes })
            bootUntilStable(world)
            world.board.powerOff()
            bootUntilStable(world)
            expect(registrationsOf(world)).toBe(1)
            expect(world.logged("next in")).toEqual([])
            expect(world.board.stats.panics).toBe(0)
        }
    )
})
