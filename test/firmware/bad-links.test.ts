// Links that misbehave: the board leaves each by itself, in a time that its constants bound.
//
//   for TCP and TLS 30 s, for CONNACK 70 s, for PUBACK 3 times 20 s, for any other answer 20 s, of DPS 60 s,
//   for an HTTP response 30 s; PINGREQ after three quarters of the keep alive (hub 240 s, DPS 60 s);
//   a refused write is tried for 2 s; then a wait: at DPS 1 to 2 s at first, at the hub 60 to 120 s,
//   5 min at most; 7 silences in a row, and the board reboots.
import { COMMAND_QUEUE_LENGTH } from "@moorage/vm"
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
/** One more than the queue of writes takes, and three for the inbox. */
const CALLS = COMMAND_QUEUE_LENGTH + 4
const HUB_WAIT_SEC = 120
/** A boot, the handshakes, a registration with its polls. */
const WORK_SEC = 15

const HEAP_BYTES = { main: 64 * 1024, maintight: 40 * 1024 }

async function stable(image: "main" | "maintight", settings: Record<string, unknown> = {}) {
    const world = await createHostileWorld({ image, settings, heapBytes: HEAP_BYTES[image] })
    world.board.powerOn()
    world.untilLogged("stable")
    return world
}

const hubOf = (world: HostileWorld) => world.cloud.hub(world.latest.dial.host)
const isPubAck = (bytes: Uint8Array) => bytes[0] === 0x40

/** The board is as it was: no reset, no panic, and its messages arrive. */
function lives(world: HostileWorld): void {
    const before = telemetryOf(world).length
    world.advanceSec(65)
    expect(telemetryOf(world).length).toBeGreaterThanOrEqual(before + 2)
    expect(world.board.stats).toMatchObject({ resets: 0, panics: 0 })
    expect(registrationsOf(world)).toBe(1)
}

describe.each(IMAGES)("%s: a peer that accepts and stays mute", image => {
    test("DPS over HTTPS: left after 30 s, asked again within 2 s", async () => {
        const world = await createHostileWorld({ image })
        world.useBehaviour(neverAnswer, isDpsHttps)
        world.board.powerOn()
        world.untilLogged("no HTTP response", WORK_SEC + 30)
        expect(world.secUntilDial("global", DPS_WAIT_SEC + 1)).toBeGreaterThanOrEqual(1)
        world.untilLogged(/^moored/, WORK_SEC)
    })

    test("DPS over MQTT: left after 70 s, asked again within 2 s", async () => {
        const world = await createHostileWorld({ image })
        world.useBehaviour(neverAnswer, isDpsMqtt)
        world.board.powerOn()
        world.untilLogged("no CONNACK", WORK_SEC + 70)
        expect(world.secUntilDial("global", DPS_WAIT_SEC + 1)).toBeGreaterThanOrEqual(1)
        world.untilLogged(/^moored/, WORK_SEC)
    })

    test("DPS that takes the registration and says no more: left after 60 s, asked again within 2 s", async () => {
        const world = await createHostileWorld({ image })
        world.cloud.faultRules.add({ on: "register", times: 1, fault: { mute: true } })
        world.board.powerOn()
        world.untilLogged(/no (answer from DPS|PUBACK)/, WORK_SEC + 60)
        world.untilLogged(/^moored/, DPS_WAIT_SEC + WORK_SEC)
    })

    test("the hub: left after 70 s each time, tried again within 2 min, then 4, without DPS", async () => {
        const world = await createHostileWorld({ image })
        world.useBehaviour(neverAnswer, isHub, 2)
        world.board.powerOn()
        for (const waitSec of [HUB_WAIT_SEC, 2 * HUB_WAIT_SEC]) {
            world.untilLogged("no CONNACK", WORK_SEC + 70)
            expect(world.secUntilDial("hub", waitSec + 1)).toBeGreaterThanOrEqual(60)
        }
        world.untilLogged(/^moored/, WORK_SEC)
        lives(world)
    })
})

describe.each(IMAGES)("%s: a TLS handshake that never ends wedges the socket's worker", image => {
    test("at DPS: the board reboots itself and is moored within 8 min", async () => {
        let wedged = 1
        const world = await createHostileWorld({ image, answer: () => (wedged-- > 0 ? "mute" : "accept") })
        world.board.powerOn()
        // 7 times 30 s, and waits of at most 2, 4, 8 ... 128 s.
        world.untilLogged(/^moored/, 7 * 30 + 254 + WORK_SEC)
        expect(world.board.stats).toMatchObject({ resets: 1, panics: 0 })
        // One connection was never answered; while the worker is stuck no other was tried.
        expect(world.logged("connect timed out")).toHaveLength(7)
    })

    test("at the hub: the board reboots itself and is moored within 38 min, with no second registration", async () => {
        let wedged = 0
        const world = await createHostileWorld({ image, answer: () => (wedged-- > 0 ? "mute" : "accept") })
        world.board.powerOn()
        world.untilLogged("stable")
        wedged = 1
        hubOf(world).disconnect("board-1")
        // 7 times 30 s, and waits of at most 2, 4 and 5 min.
        world.untilLogged(/^moored/, 7 * 30 + 120 + 240 + 6 * 300 + WORK_SEC)
        expect(world.board.stats).toMatchObject({ resets: 1, panics: 0 })
        expect(registrationsOf(world)).toBe(1)
    })
})

describe.each(IMAGES)("%s: a peer that vanishes without a word", image => {
    test("under telemetry each 30 s: noticed within 90 s, moored again within 2 min more", async () => {
        const world = await stable(image)
        world.latest.filter.hasVanished = true
        world.untilLogged("no PUBACK", 30 + 60 + 1)
        world.untilLogged(/^moored/, HUB_WAIT_SEC + WORK_SEC)
        lives(world)
    })

    test("in an idle session: noticed within 200 s by its PINGREQ, moored again within 2 min more", async () => {
        const world = await stable(image, { TELEMETRY_SEC: 86_400 })
        world.advanceSec(1000)
        world.latest.filter.hasVanished = true
        world.untilLogged("no PINGRESP", 180 + 20 + 1)
        world.untilLogged(/^moored/, HUB_WAIT_SEC + WORK_SEC)
        expect(world.board.stats.resets).toBe(0)
    })

    test("in a long wait between two polls of DPS: noticed within 65 s, and the wait is kept in the next session", async () => {
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

describe.each(IMAGES)("%s: a socket's worker that stands still", image => {
    test("for 15 s loses nothing and keeps the session", async () => {
        const world = await stable(image)
        world.advanceSec(19)
        world.board.stallSocket(true)
        world.advanceSec(15)
        world.board.stallSocket(false)
        lives(world)
        const sent = telemetryOf(world).map(event => JSON.parse(event.body ?? "").uptimeSec)
        for (const [i, sec] of sent.slice(1).entries()) expect(sec - sent[i]).toBeLessThanOrEqual(31)
        expect(world.logged(/^moored/)).toHaveLength(1)
    })

    test("for 5 min costs the session after 90 s, and is over within 5 min of its end, without a reboot", async () => {
        const world = await stable(image)
        world.board.stallSocket(true)
        world.untilLogged("no PUBACK", 30 + 60 + 1)
        world.advanceSec(300 - 90)
        world.board.stallSocket(false)
        world.untilLogged(/^moored/, 300 + WORK_SEC)
        lives(world)
    })

    /** Fills the queue of 50 writes with answers to methods, which nothing holds back; a few more wait in the inbox. */
    function fill(world: HostileWorld): void {
        world.board.stallSocket(true)
        for (let i = 0; i < CALLS; i++) {
            const call = hubOf(world).invokeMethod("board-1", `m${i}`, null, { timeoutMs: 300_000 })
            call.catch(() => {})
            world.advanceSec(0.02)
        }
    }

    test("with a full queue for 1 s: the session is kept, every method is answered", async () => {
        const world = await stable(image)
        fill(world)
        world.advanceSec(0.5)
        world.board.stallSocket(false)
        world.advanceSec(5)
        const answers = world.cloud.history.filter(event => event.kind === "methodResponse")
        expect(answers).toHaveLength(CALLS)
        lives(world)
        expect(world.logged(/^moored/)).toHaveLength(1)
    })

    test("with a full queue for longer: the session ends after 2 s of refused writes, moored 2 min later", async () => {
        const world = await stable(image)
        fill(world)
        world.untilLogged("send failed", 3)
        world.advanceSec(10)
        world.board.stallSocket(false)
        world.untilLogged(/^moored/, HUB_WAIT_SEC + WORK_SEC)
        lives(world)
    })

    test("with a full queue until a connect is lost in it: the board reboots itself within 38 min", async () => {
        const world = await stable(image)
        fill(world)
        world.untilLogged("connect timed out", HUB_WAIT_SEC + 60)
        world.board.stallSocket(false)
        world.untilLogged(/^moored/, 7 * 30 + 240 + 6 * 300 + WORK_SEC)
        expect(world.board.stats).toMatchObject({ resets: 1, panics: 0 })
        expect(registrationsOf(world)).toBe(1)
    })
})

describe.each(IMAGES)("%s: a PUBACK", image => {
    test("that is lost once: the message comes again 20 s later as a duplicate, in the same session", async () => {
        const world = await stable(image)
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
        lives(world)
        expect(world.logged(/^moored/)).toHaveLength(1)
    })

    test("that never comes: the session is replaced 60 s after the message, within 2 min more", async () => {
        const world = await stable(image)
        world.latest.filter.toBoard = bytes => !isPubAck(bytes)
        const before = telemetryOf(world).length
        world.untilLogged("no PUBACK", 30 + 60 + 1)
        // The message and two duplicates.
        const tries = telemetryOf(world).slice(before)
        expect(new Set(tries.map(event => event.body)).size).toBe(1)
        expect(tries).toHaveLength(3)
        world.untilLogged(/^moored/, HUB_WAIT_SEC + WORK_SEC)
        lives(world)
    })

    test("slower than telemetry is due leaves time for methods all the same, and for everything else", async () => {
        const world = await stable(image, { TELEMETRY_SEC: 1 })
        const { link, filter } = world.latest
        filter.toBoard = bytes => {
            if (!isPubAck(bytes)) return true
            world.clock.after(1500, () => link.send(bytes))
            return false
        }
        world.advanceSec(10)
        const call = hubOf(world).invokeMethod("board-1", "Other", null, { timeoutMs: 30_000 })
        world.advanceSec(5)
        expect((await call).status).toBe(404)
    })
})

/** As many of `packet` as make 50 KB. */
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

describe.each(IMAGES)("%s: a burst of 50 KB", image => {
    test.each([
        ["messages of 2 KB", burstOf(publish(DEVICEBOUND, 2000, 5))],
        ["messages of 1 KB without acknowledgement", burstOf(publish(DEVICEBOUND, 1000))],
        ["topics of 1 KB", burstOf(publish("t".repeat(1000), 0))],
        ["messages of 5 bytes", burstOf(publish("a", 0))],
        ["one message", publish(DEVICEBOUND, 50_000, 5)],
        ["PINGRESP that nobody asked for", burstOf(Buffer.from([0xd0, 0]))],
        ["PUBACK that nobody waits for", burstOf(Buffer.from([0x40, 2, 0xff, 9]))],
    ])("of %s costs neither the session nor memory that is missed", async (_, bytes) => {
        const world = await stable(image)
        world.latest.link.send(bytes)
        world.advanceSec(5)
        expect(world.board.stats.bytesReceived).toBeGreaterThan(50_000)
        lives(world)
        expect(world.logged(/^moored/)).toHaveLength(1)
    })
})

describe.each(IMAGES)("%s: what is not MQTT ends the session at once, moored again within 2 min:", image => {
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
    ])("%s", async (_, bytes) => {
        const world = await stable(image)
        world.latest.link.send(bytes)
        world.untilLogged(/malformed|unexpected/, 1)
        expect(world.secUntilDial("hub", HUB_WAIT_SEC + 1)).toBeGreaterThanOrEqual(60)
        world.untilLogged(/^moored/, WORK_SEC)
        lives(world)
    })
})

const DATE = "Date: Thu, 01 Jan 2026 00:00:02 GMT\r\n"
/** A good answer to the HEAD that asks for the time. */
const TIME = `HTTP/1.1 200 OK\r\n${DATE}Content-Length: 0\r\n\r\n`

function chunked(body: string): string {
    return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`
}

describe.each(IMAGES)(
    "%s: an HTTP answer that makes no sense is given up within 30 s, and never believed:",
    image => {
        test.each([
            ["headers without end", ["HTTP/1.1 200 OK\r\n" + "X-Filler: aaaaaaaaaa\r\n".repeat(2500)]],
            ["50 KB of zeros", [Buffer.alloc(50_000)]],
            ["the banner of another protocol", ["SSH-2.0-x\r\n\r\n", "SSH-2.0-x\r\n\r\n"]],
            ["no Date", ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]],
            ["a Date that is none", ["HTTP/1.1 200 OK\r\nDate: soon\r\nContent-Length: 0\r\n\r\n"]],
            ["a redirect", [TIME, "HTTP/1.1 301 Moved\r\nLocation: https://x/\r\nContent-Length: 0\r\n\r\n"]],
            ["a chunk of no size", [TIME, chunked("zz\r\nnull\r\n0\r\n\r\n")]],
            ["a chunk of negative size", [TIME, chunked("-4\r\nnull\r\n0\r\n\r\n")]],
            ["a chunk of 4 GB less one", [TIME, chunked("ffffffff\r\nnull\r\n0\r\n\r\n")]],
            [
                "a body of 100 KB",
                [TIME, `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${"x".repeat(100_000)}`],
            ],
            ["a chunk of 100 KB", [TIME, chunked(`186a0\r\n${"x".repeat(100_000)}`)]],
            ["a body that never comes", [TIME, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"]],
            ["a body that is no JSON", [TIME, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{{{{"]],
        ])("%s", async (_, answers) => {
            const world = await createHostileWorld({ image, heapBytes: HEAP_BYTES[image] })
            world.useBehaviour(answerRequests(answers), isDpsHttps)
            world.board.powerOn()
            world.untilLogged("next in", WORK_SEC + 30)
            // Not taken for "never registered".
            expect(world.logged("no assignment")).toEqual([])
            expect(world.secUntilDial("global", 6)).toBeGreaterThanOrEqual(1)
            world.untilLogged(/^moored/, WORK_SEC)
            lives(world)
        })

        test("one byte a second", async () => {
            const world = await createHostileWorld({ image })
            const drip = (link: Parameters<typeof neverAnswer>[0]) => {
                neverAnswer(link)
                Buffer.from(TIME.padEnd(200)).forEach((byte, i) => {
                    world.clock.after(i * 1000, () => link.send(Uint8Array.of(byte)))
                })
                return undefined
            }
            world.useBehaviour(drip, isDpsHttps)
            world.board.powerOn()
            world.untilLogged("no HTTP response", WORK_SEC + 30)
            world.untilLogged(/^moored/, DPS_WAIT_SEC + WORK_SEC)
        })
    }
)

describe("JSON nested 1,000 deep", () => {
    test.each(IMAGES)(
        "in a method's payload is malformed to %s: its parser would run out of stack, and reset the chip",
        async image => {
            const world = await stable(image)
            const payload = JSON.parse("[".repeat(1000) + "]".repeat(1000))
            const calls = [payload, { delaySec: 1, more: { a: 1 } }].map(each =>
                hubOf(world).invokeMethod("board-1", "Reprovision", each, { timeoutMs: 5000 })
            )
            world.advanceSec(3)
            expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([400, 400])
            lives(world)
        }
    )
})

describe("bytes that come one by one", () => {
    test.each(["main", "maintight"] as const)("do not keep %s from mooring, cold and warm", async image => {
        const heapBytes = (image === "main" ? 64 : 40) * 1024
        const world = await createWorld({ image, byteByByte: true, heapBytes })
        bootUntilStable(world)
        world.board.powerOff()
        bootUntilStable(world)
        expect(registrationsOf(world)).toBe(1)
        expect(world.logged("next in")).toEqual([])
        expect(world.board.stats.panics).toBe(0)
    })
})
