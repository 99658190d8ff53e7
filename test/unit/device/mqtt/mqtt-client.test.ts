// The board's MQTT client in the VM, against a scripted broker.
import { FaultKind } from "@moorage/device/shared"
import { ManualClock, seededRandom } from "@moorage/runtime"
import { Board, buildFirmware, memoryNetwork } from "@moorage/vm"
import type { Packet } from "mqtt-packet"
import { beforeAll, describe, expect, test } from "vitest"
import { type ReceivedPackets, serveScript } from "../../../helpers/scripted-broker.js"

/** Time limit of the program, on its own clock. */
const LIMIT_MS = 900_000

interface ProgramRun {
    /** The log of the program. */
    lines: string[]
    /** The packets that the broker received. */
    sent: ReceivedPackets
    panicCodes: unknown[]
    programStarts: number
}

/** Runs the program to its end against the scripted broker, in memory and on its own clock. */
function runProgram(bytecode: Uint8Array, heapBytes: number, gcStress: boolean): ProgramRun {
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
let run: ProgramRun

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

/** Returns the packets of this client identifier in a short form: `publish#1`, with `!` for a duplicate. */
function packetsOf(client: string): string[] {
    return (sent[client] ?? []).map(packet => {
        const id = packet.messageId ? `#${packet.messageId}` : ""
        return packet.cmd + id + ("dup" in packet && packet.dup ? "!" : "")
    })
}

function packetsOfType(client: string, cmd: Packet["cmd"]): Packet[] {
    return (sent[client] ?? []).filter(packet => packet.cmd === cmd)
}

function faultText(kind: FaultKind, message: string): string {
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
])("the program logs the same with %s", (_, heapBytes, gcStress) => {
    expect(runProgram(bytecode, heapBytes, gcStress).lines).toEqual(lines)
})

describe("a board that connects over MQTT", () => {
    test.each([
        [1, FaultKind.Rejected],
        [2, FaultKind.Rejected],
        [3, FaultKind.Unavailable],
        [4, FaultKind.Refused],
        [5, FaultKind.Refused],
    ])("maps CONNACK %d to the right kind of fault", (code, kind) => {
        expect(outcome.get(`refuse${code}`)).toBe(faultText(kind, `CONNACK ${code}`))
        expect(packetsOf(`refuse${code}`)).toEqual(["connect"])
    })

    test("reports a Network fault when no CONNACK arrives, because the socket works", () => {
        expect(outcome.get("no-connack")).toBe(faultText(FaultKind.Network, "no CONNACK"))
    })

    test("reports a Network fault when the peer closes instead of sending CONNACK", () => {
        expect(outcome.get("closes-before-connack")).toBe(faultText(FaultKind.Network, "closed by peer"))
    })

    test("accepts a packet that follows CONNACK in the same chunk", () => {
        expect(outcome.get("publishes-with-connack")).toBe("connected")
    })

    test("reports a Network fault for an unknown host", () => {
        expect(outcome.get("unknown-host")).toBe(faultText(FaultKind.Network, "socket: can't resolve host"))
    })

    test("reports a Timeout for a silent host and for the connection that waits behind it", () => {
        expect(outcome.get("silent-host")).toBe(faultText(FaultKind.Timeout, "connect timed out"))
        expect(outcome.get("after-silent-host")).toBe(faultText(FaultKind.Timeout, "connect timed out"))
    })

    test("sends CONNECT with the options of the program", () => {
        expect(packetsOfType("byte-by-byte", "connect")[0]).toMatchObject({
            username: "u",
            keepalive: 2,
            clean: true,
        })
    })
})

describe("a board that receives MQTT packets", () => {
    test("assembles packets that arrive byte by byte", () => {
        expect(outcome.get("byte-by-byte")).toBe("kept true, granted 0, a/1=200, a/2=0")
    })

    test("acknowledges a QoS 1 message with its packet identifier", () => {
        expect(outcome.get("qos1")).toBe("a/q=3 id 9")
        expect(packetsOfType("qos1", "puback").map(packet => packet.messageId)).toEqual([9])
    })

    test("skips and acknowledges a packet over the size limit, and reads the next packet", () => {
        expect(lines).toContain("message too large: big")
        expect(outcome.get("large-packet")).toBe("a/x=2")
        expect(packetsOfType("large-packet", "puback").map(packet => packet.messageId)).toEqual([77])
        expect(packetsOfType("large-packet", "publish")).toHaveLength(1)
    })

    test("drops messages over the queue limit and does not acknowledge them", () => {
        expect(outcome.get("six-messages")).toBe("m1 m2 m3 m4, dropped 2")
        expect(packetsOfType("six-messages", "puback").map(packet => packet.messageId)).toEqual([1, 2, 3, 4])
    })

    test("reads a burst of 50 KB and keeps its session", () => {
        expect(outcome.get("burst")).toBe("501 messages")
        expect(packetsOfType("burst", "publish")).toHaveLength(2)
    })

    test("ends the session with a Protocol fault after invalid MQTT", () => {
        expect(outcome.get("invalid-packet")).toBe(faultText(FaultKind.Protocol, "malformed MQTT packet"))
    })
})

describe("a board that sends MQTT packets", () => {
    test("uses a new packet identifier, never 0, for each QoS 1 packet", () => {
        const ids = packetsOfType("qos1", "publish").map(packet => packet.messageId)
        expect(ids.filter(id => id !== undefined)).toHaveLength(2)
        expect(new Set(ids).size).toBe(3)
        expect(ids).not.toContain(0)
        expect(packetsOf("qos1").at(-1)).toBe("disconnect")
    })

    test("sends the same packet again, as a duplicate, when PUBACK is missing", () => {
        expect(outcome.get("puback-lost")).toBe("acknowledged")
        const [first, second] = packetsOfType("puback-lost", "publish")
        expect(packetsOfType("puback-lost", "publish")).toHaveLength(2)
        expect(second).toMatchObject({ messageId: first?.messageId, dup: true })
        expect(first).toMatchObject({ dup: false })
    })

    test("ignores a PUBACK for another packet", () => {
        expect(outcome.get("puback-of-other-id")).toBe("acknowledged")
        expect(packetsOfType("puback-of-other-id", "publish")).toHaveLength(1)
    })

    test("ends the session after three attempts without PUBACK", () => {
        expect(outcome.get("puback-never")).toBe(faultText(FaultKind.Timeout, "no PUBACK"))
        expect(packetsOfType("puback-never", "publish")).toHaveLength(3)
    })

    test("reports a fault for SUBACK 128", () => {
        expect(outcome.get("suback-128")).toBe(faultText(FaultKind.ServerError, "SUBACK 128"))
    })

    test("rejects a packet that is too large to send, and keeps its session", () => {
        expect(outcome.get("large-publish")).toBe(`fault ${FaultKind.Rejected}, then acknowledged`)
        expect(packetsOfType("large-publish", "publish")).toHaveLength(1)
    })
})

describe("a board with an idle MQTT session", () => {
    test("sends PINGREQ within the keep alive time and keeps its session", () => {
        expect(outcome.get("pingresp")).toBe("none")
        // 6 s at a keep alive of 2 s.
        expect(packetsOfType("pingresp", "pingreq").length).toBeGreaterThanOrEqual(3)
    })

    test("ends the session when one PINGREQ gets no answer", () => {
        expect(outcome.get("no-pingresp")).toBe(faultText(FaultKind.Timeout, "no PINGRESP"))
        expect(packetsOfType("no-pingresp", "pingreq")).toHaveLength(1)
    })

    test("ends the session when the peer closes the connection", () => {
        expect(outcome.get("closes-after-connack")).toBe(faultText(FaultKind.Network, "closed by peer"))
    })
})
