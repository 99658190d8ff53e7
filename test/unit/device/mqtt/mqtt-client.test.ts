import { FaultKind } from "@moorage/device/shared"
import { ManualClock, seededRandom } from "@moorage/runtime"
import { Board, buildFirmware, memoryNetwork } from "@moorage/vm"
import type { Packet } from "mqtt-packet"
import { beforeAll, describe, expect, test } from "vitest"
import { type ReceivedPackets, serveScript } from "../../../helpers/scripted-broker.js"

/** The longest that the program of this test may take, on its own clock. */
const LIMIT_MS = 900_000

interface Run {
    /** What the program logged. */
    lines: string[]
    /** What the broker received. */
    sent: ReceivedPackets
    panicCodes: unknown[]
    programStarts: number
}

/** Runs the program to its end against the broker, in memory and on a clock of its own. */
function runProgram(bytecode: Uint8Array, heapBytes: number, gcStress: boolean): Run {
    const clock = new ManualClock()
    const sent: ReceivedPackets = {}
    const lines: string[] = []
    const network = memoryNetwork({
        clock,
        latencyMs: 5,
        answer: ({ host }) => {
            if (host === "unknown.test") return "resolve"
            return host === "blackhole.test" ? "mute" : "accept"
        },
        dial: (_, link) => serveScript(link, clock, sent),
    })
    const board = new Board({
        id: "mqtt",
        bytecode,
        clock,
        random: seededRandom(1),
        network,
        heapBytes,
        gcStress,
        log: line => lines.push(line),
    })
    board.powerOn()
    clock.advanceUntil(() => lines.at(-1) === "end" || board.stats.panicCodes.length > 0, LIMIT_MS)
    board.powerOff()
    return { lines, sent, panicCodes: board.stats.panicCodes, programStarts: board.stats.programStarts }
}

const outcome = new Map<string, string>()
let bytecode: Uint8Array
let lines: string[]
let sent: ReceivedPackets
let run: Run

beforeAll(async () => {
    bytecode = (await buildFirmware("test/vm-suites/programs/mqtt-client.ts")).bytecode
    run = runProgram(bytecode, 65_536, false)
    lines = run.lines
    sent = run.sent
    for (const line of lines) {
        const [name, text] = line.split(/: (.*)/) as [string, string | undefined]
        outcome.set(name, text ?? "")
    }
})

/** What the board sent as `client`, in short: `publish#1`, with `!` for a duplicate. */
function packetsOf(client: string): string[] {
    return (sent[client] ?? []).map(packet => {
        const id = packet.messageId ? `#${packet.messageId}` : ""
        return packet.cmd + id + ("dup" in packet && packet.dup ? "!" : "")
    })
}

function only(client: string, cmd: Packet["cmd"]): Packet[] {
    return (sent[client] ?? []).filter(packet => packet.cmd === cmd)
}

function fault(kind: FaultKind, message: string): string {
    return `fault ${kind} ${message}`
}

test("the program runs to its end without a panic", () => {
    expect(lines.at(-1)).toBe("end")
    expect(run.panicCodes).toEqual([])
    expect(run.programStarts).toBe(1)
})

test.each([
    ["a heap of 40 KB and a collection before each allocation", 40_960, true],
    ["a heap of 20 KB", 20_480, false],
])("%s makes no difference", (_, heapBytes, gcStress) => {
    expect(runProgram(bytecode, heapBytes, gcStress).lines).toEqual(lines)
})

describe("connecting", () => {
    test.each([
        [1, FaultKind.Rejected],
        [2, FaultKind.Rejected],
        [3, FaultKind.Unavailable],
        [4, FaultKind.Refused],
        [5, FaultKind.Refused],
    ])("CONNACK %d is a fault of its own kind", (code, kind) => {
        expect(outcome.get(`refuse${code}`)).toBe(fault(kind, `CONNACK ${code}`))
        expect(packetsOf(`refuse${code}`)).toEqual(["connect"])
    })

    test("without a CONNACK in time it is a Network fault: the socket has just worked", () => {
        expect(outcome.get("mute")).toBe(fault(FaultKind.Network, "no CONNACK"))
    })

    test("a link closed instead of a CONNACK is a Network fault", () => {
        expect(outcome.get("slammed")).toBe(fault(FaultKind.Network, "closed by peer"))
    })

    test("a packet that follows CONNACK in the same chunk does no harm", () => {
        expect(outcome.get("eager")).toBe("connected")
    })

    test("a host without an address is a Network fault", () => {
        expect(outcome.get("unknown")).toBe(fault(FaultKind.Network, "socket: can't resolve host"))
    })

    test("a host that is silent is a Timeout, and so is what waits behind it", () => {
        expect(outcome.get("blackhole")).toBe(fault(FaultKind.Timeout, "connect timed out"))
        expect(outcome.get("behind")).toBe(fault(FaultKind.Timeout, "connect timed out"))
    })

    test("CONNECT carries what the program gave", () => {
        expect(only("cut", "connect")[0]).toMatchObject({ username: "u", keepalive: 2, clean: true })
    })
})

describe("receiving", () => {
    test("packets cut into single bytes are put together", () => {
        expect(outcome.get("cut")).toBe("kept true, granted 0, a/1=200, a/2=0")
    })

    test("a QoS 1 message is acknowledged with its packet identifier", () => {
        expect(outcome.get("qos1")).toBe("a/q=3 id 9")
        expect(only("qos1", "puback").map(packet => packet.messageId)).toEqual([9])
    })

    test("a packet over the bound is skipped and acknowledged, and the next one is read", () => {
        expect(lines).toContain("too large, skipped: big")
        expect(outcome.get("large")).toBe("a/x=2")
        expect(only("large", "puback").map(packet => packet.messageId)).toEqual([77])
        expect(only("large", "publish")).toHaveLength(1)
    })

    test("messages over the inbox's bound are dropped and not acknowledged", () => {
        expect(outcome.get("full")).toBe("m1 m2 m3 m4, dropped 2")
        expect(only("full", "puback").map(packet => packet.messageId)).toEqual([1, 2, 3, 4])
    })

    test("a burst of 50 KB is read to its end and the session lives on", () => {
        expect(outcome.get("burst")).toBe("501 came")
        expect(only("burst", "publish")).toHaveLength(2)
    })

    test("what is not MQTT ends the session with a Protocol fault", () => {
        expect(outcome.get("garbage")).toBe(fault(FaultKind.Protocol, "malformed MQTT packet"))
    })
})

describe("sending", () => {
    test("each QoS 1 packet has an identifier of its own, never 0", () => {
        const ids = only("qos1", "publish").map(packet => packet.messageId)
        expect(ids.filter(id => id !== undefined)).toHaveLength(2)
        expect(new Set(ids).size).toBe(3)
        expect(ids).not.toContain(0)
        expect(packetsOf("qos1").at(-1)).toBe("disconnect")
    })

    test("a PUBACK that does not come: the same packet again, marked as a duplicate", () => {
        expect(outcome.get("ackdropped")).toBe("acknowledged")
        const [first, second] = only("ackdropped", "publish")
        expect(only("ackdropped", "publish")).toHaveLength(2)
        expect(second).toMatchObject({ messageId: first?.messageId, dup: true })
        expect(first).toMatchObject({ dup: false })
    })

    test("a PUBACK for another packet does not count", () => {
        expect(outcome.get("ackstale")).toBe("acknowledged")
        expect(only("ackstale", "publish")).toHaveLength(1)
    })

    test("without any PUBACK the session ends after three tries", () => {
        expect(outcome.get("ackless")).toBe(fault(FaultKind.Timeout, "no PUBACK"))
        expect(only("ackless", "publish")).toHaveLength(3)
    })

    test("SUBACK 128 is a fault", () => {
        expect(outcome.get("denied")).toBe(fault(FaultKind.ServerError, "SUBACK 128"))
    })

    test("a packet too large to send is refused, and the session lives on", () => {
        expect(outcome.get("toomuch")).toBe(`fault ${FaultKind.Rejected}, then acknowledged`)
        expect(only("toomuch", "publish")).toHaveLength(1)
    })
})

describe("keeping alive", () => {
    test("an idle session sends PINGREQ within the keep alive time and stays", () => {
        expect(outcome.get("alive")).toBe("none")
        // 6 s at a keep alive of 2 s.
        expect(only("alive", "pingreq").length).toBeGreaterThanOrEqual(3)
    })

    test("silence after one PINGREQ ends the session", () => {
        expect(outcome.get("dead")).toBe(fault(FaultKind.Timeout, "no PINGRESP"))
        expect(only("dead", "pingreq")).toHaveLength(1)
    })

    test("a lost link ends the session", () => {
        expect(outcome.get("lost")).toBe(fault(FaultKind.Network, "closed by peer"))
    })
})
