// Size limits and invalid input of the board's MQTT decoder.
import { Fault, FaultKind } from "@moorage/device/shared"
import { Decoder, decodePublish, KEPT_BYTES } from "@moorage/device/shared"
import fc from "fast-check"
import { generate } from "mqtt-packet"
import { describe, expect, test } from "vitest"
import { fromServer } from "../../../helpers/arbitrary-packets.js"
import { decodeStream } from "../../../helpers/decoded-packets.js"

const MAX_BYTES = 2048
const PINGRESP = Buffer.from([0xd0, 0])

/** Returns a QoS 1 PUBLISH with identifier 7 whose remaining length is `length`. */
function publishWithLength(length: number, topic = "t"): Buffer {
    const payload = Buffer.alloc(length - 4 - topic.length, 7)
    return generate({ cmd: "publish", topic, payload, qos: 1, messageId: 7, dup: false, retain: false })
}

/** Returns the error that `act` throws, or undefined. */
function thrownBy(act: () => unknown): unknown {
    try {
        act()
    } catch (e) {
        return e
    }
    return undefined
}

function expectProtocolFault(act: () => unknown): void {
    const error = thrownBy(act)
    expect(error).toBeInstanceOf(Fault)
    expect((error as Fault).kind).toBe(FaultKind.Protocol)
}

describe("the remaining length of a packet", () => {
    test.each([127, 128, 16_383, 16_384, 2_097_151, 2_097_152])(
        "is decoded completely when it is %d",
        length => {
            const bytes = publishWithLength(length)
            const out = decodeStream([bytes, PINGRESP], length)
            expect(out.map(p => [p.head, p.length, p.body.length])).toEqual([
                [0x32, length, length],
                [0xd0, 0, 0],
            ])
            for (let at = 1; at < 8; at++) {
                expect(decodeStream([bytes.subarray(0, at), bytes.subarray(at), PINGRESP], length)).toEqual(
                    out
                )
            }
        }
    )

    test("is skipped exactly when it is the maximum of 268,435,455 bytes", () => {
        const chunk = Buffer.alloc(1 << 20)
        const chunks = [Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f])]
        for (let i = 0; i < 255; i++) chunks.push(chunk)
        chunks.push(chunk.subarray(1), PINGRESP)
        const out = decodeStream(chunks, MAX_BYTES)
        expect(out.map(p => [p.head, p.length])).toEqual([
            [0x30, 268_435_455],
            [0xd0, 0],
        ])
    })

    test("is malformed when it has a fifth byte", () => {
        expectProtocolFault(() => decodeStream([Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80])]))
        expectProtocolFault(() => decodeStream([Buffer.from([0xd0, 0xff, 0xff, 0xff, 0xff, 0])]))
    })

    test("is accepted when it has more bytes than needed", () => {
        expect(decodeStream([Buffer.from([0xd0, 0x80, 0x80, 0x80, 0x00]), PINGRESP])).toHaveLength(2)
    })
})

describe("a packet over the size limit", () => {
    test.each([MAX_BYTES + 1, 16_384, 70_000])("is skipped at every cut near its ends (%d bytes)", length => {
        const bytes = Buffer.concat([publishWithLength(length), PINGRESP])
        const ends = [...Array(12).keys(), KEPT_BYTES, KEPT_BYTES + 4, bytes.length - 3, bytes.length - 2]
        for (const at of ends) {
            const out = decodeStream([bytes.subarray(0, at), bytes.subarray(at)], MAX_BYTES)
            expect(out.map(p => [p.head, p.length, p.body.length])).toEqual([
                [0x32, length, KEPT_BYTES],
                [0xd0, 0, 0],
            ])
        }
    })

    test("is never held in memory except for its first bytes", () => {
        const held: number[] = []
        const decoder = new Decoder(MAX_BYTES, (_, body) => held.push(body.length))
        for (const byte of publishWithLength(MAX_BYTES + 1)) decoder.feed(Buffer.from([byte]))
        expect(held).toEqual([KEPT_BYTES])
    })

    test("keeps its topic and packet identifier, so that the board can acknowledge it", () => {
        const out = decodeStream([publishWithLength(5000, "devices/a/messages")], MAX_BYTES)
        const { head, body, length } = out[0] as (typeof out)[0]
        expect(decodePublish(head, Buffer.from(body, "latin1"), length)).toEqual({
            topic: "devices/a/messages",
            payload: undefined,
            id: 7,
        })
    })

    test("keeps neither when its topic is too long", () => {
        const out = decodeStream([publishWithLength(5000, "t".repeat(KEPT_BYTES))], MAX_BYTES)
        const { head, body, length } = out[0] as (typeof out)[0]
        expect(decodePublish(head, Buffer.from(body, "latin1"), length)).toEqual({ topic: "", id: 0 })
    })

    test("is kept when its size is exactly the limit", () => {
        expect(decodeStream([publishWithLength(MAX_BYTES)], MAX_BYTES)[0]?.body.length).toBe(MAX_BYTES)
    })
})

describe("a packet that a server must not send", () => {
    test.each([
        ["type 0", "0000"],
        ["type 15", "f000"],
        ["CONNECT", "100a00044d51545404020000"],
        ["SUBSCRIBE", "8206000100016100"],
        ["PINGREQ", "c000"],
        ["CONNACK with flags", "21020000"],
        ["CONNACK of 3 bytes", "2003000000"],
        ["PUBACK of 1 byte", "400100"],
        ["SUBACK without a code", "90020001"],
        ["UNSUBACK of 3 bytes", "b003000100"],
        ["PINGRESP with a body", "d00100"],
        ["PUBLISH of QoS 2", "340600016100017a"],
        ["PUBLISH of QoS 3", "360600016100017a"],
        ["PUBLISH without a topic", "30020000"],
    ])("causes a Protocol fault: %s", (_, hex) => {
        expectProtocolFault(() => decodeStream([Buffer.from(hex, "hex")]))
    })

    test.each([
        ["an empty topic", 0x30, "000061"],
        ["a topic longer than the packet", 0x30, "000961"],
        ["no room for the packet identifier", 0x32, "00016100"],
        ["packet identifier 0", 0x32, "0001610000"],
    ])("causes a Protocol fault: PUBLISH with %s", (_, head, hex) => {
        const body = Buffer.from(hex, "hex")
        expectProtocolFault(() => decodePublish(head, body, body.length))
    })

    /** Decodes everything and expects no error except a Protocol fault. */
    function expectNoOtherError(chunks: Buffer[]): void {
        const decoder = new Decoder(64, (head, body, length) => {
            if ((head & 0xf0) === 0x30) decodePublish(head, body, length)
        })
        const error = thrownBy(() => {
            for (const chunk of chunks) decoder.feed(chunk)
        })
        if (error === undefined) return
        expect(error).toBeInstanceOf(Fault)
        expect((error as Fault).kind).toBe(FaultKind.Protocol)
    }

    test("causes a Protocol fault or no error when it consists of random bytes", () => {
        fc.assert(
            fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 4 }), chunks =>
                expectNoOtherError(chunks.map(chunk => Buffer.from(chunk)))
            ),
            { seed: 6, numRuns: 5_000 }
        )
    })

    test("causes a Protocol fault or no error when bytes of valid packets are changed", () => {
        const changes = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 })
        fc.assert(
            fc.property(fc.array(fromServer, { minLength: 1, maxLength: 4 }), changes, (sent, list) => {
                const bytes = Buffer.concat(sent.map(packet => generate(packet)))
                for (const [at, value] of list) bytes[at % bytes.length] = value
                expectNoOtherError([bytes])
            }),
            { seed: 7, numRuns: 3_000 }
        )
    })
})
