// The board's MQTT encoder, checked with mqtt-packet.
import * as packet from "@moorage/device/shared"
import fc from "fast-check"
import { parser, type Packet } from "mqtt-packet"
import { describe, expect, test } from "vitest"
import { packetId, payload, qos, text, topic } from "../../../helpers/arbitrary-packets.js"

const RUNS = 1_000

/** Parses `bytes`, which must be exactly one packet, with mqtt-packet. */
function parseOne(bytes: Buffer): Packet {
    const packets: Packet[] = []
    const reader = parser()
    reader.on("packet", p => packets.push(p))
    reader.on("error", e => {
        throw e
    })
    expect(reader.parse(bytes)).toBe(0)
    expect(packets).toHaveLength(1)
    return packets[0] as Packet
}

const connectFields = fc.record(
    {
        clientId: text,
        username: text,
        password: text,
        keepAliveSec: fc.integer({ min: 0, max: 0xffff }),
        cleanSession: fc.boolean(),
    },
    { requiredKeys: ["clientId", "keepAliveSec", "cleanSession"] }
)

describe("the board's encoder, checked with mqtt-packet", () => {
    test("writes CONNECT with client ID, user name, password, keep alive of 16 bits, and clean session", () => {
        fc.assert(
            fc.property(connectFields, ({ username, ...rest }) => {
                // A password without a user name is not allowed [MQTT-3.1.2-22].
                const fields =
                    username === undefined
                        ? { ...rest, password: undefined }
                        : { ...rest, username: username }
                // An empty client id needs a clean session [MQTT-3.1.3-7].
                if (!fields.clientId) fields.cleanSession = true
                const parsed = parseOne(packet.encodeConnect(fields))
                expect(parsed).toMatchObject({
                    cmd: "connect",
                    protocolId: "MQTT",
                    protocolVersion: 4,
                    clientId: fields.clientId,
                    keepalive: fields.keepAliveSec,
                    clean: fields.cleanSession,
                })
                if (parsed.cmd !== "connect") return
                expect(parsed.username).toBe(username)
                expect(parsed.password?.toString()).toBe(fields.password)
                expect(parsed.will).toBeUndefined()
            }),
            { seed: 1, numRuns: RUNS }
        )
    })

    test("writes PUBLISH with topic, payload, QoS 0 or 1, retain, packet identifier, and duplicate", () => {
        fc.assert(
            fc.property(
                topic,
                payload,
                qos,
                fc.boolean(),
                packetId,
                fc.boolean(),
                (to, content, level, retain, id, isDuplicate) => {
                    const bytes = packet.encodePublish(to, content, level, retain, id)
                    const dup = isDuplicate && level === 1
                    if (dup) bytes[0] = (bytes[0] as number) | packet.DUP
                    const parsed = parseOne(bytes)
                    expect(parsed).toMatchObject({ cmd: "publish", topic: to, qos: level, retain, dup })
                    if (parsed.cmd !== "publish") return
                    expect(parsed.messageId).toBe(level ? id : undefined)
                    expect(Buffer.from(parsed.payload).toString("hex")).toBe(content.toString("hex"))
                }
            ),
            { seed: 2, numRuns: 2 * RUNS }
        )
    })

    test("writes PUBLISH with a text payload", () => {
        const parsed = parseOne(packet.encodePublish("a", "é😀", 0, false, 0))
        expect(parsed.cmd === "publish" && parsed.payload.toString()).toBe("é😀")
    })

    test("writes SUBSCRIBE, UNSUBSCRIBE and PUBACK with their packet identifier", () => {
        fc.assert(
            fc.property(topic, qos, packetId, (filter, level, messageId) => {
                expect(parseOne(packet.encodeSubscribe(messageId, filter, level))).toMatchObject({
                    cmd: "subscribe",
                    messageId,
                    subscriptions: [{ topic: filter, qos: level }],
                })
                expect(parseOne(packet.encodeUnsubscribe(messageId, filter))).toMatchObject({
                    cmd: "unsubscribe",
                    messageId,
                    unsubscriptions: [filter],
                })
                expect(parseOne(packet.encodePubAck(messageId))).toMatchObject({ cmd: "puback", messageId })
            }),
            { seed: 3, numRuns: RUNS }
        )
    })

    test("writes PINGREQ and DISCONNECT as a header only", () => {
        expect(parseOne(packet.encodeEmpty(0xc0)).cmd).toBe("pingreq")
        expect(parseOne(packet.encodeEmpty(0xe0)).cmd).toBe("disconnect")
    })

    test.each([127, 128, 16_383, 16_384, 2_097_151, 2_097_152])("writes a remaining length of %d", length => {
        const content = Buffer.alloc(length - 3, 7)
        const parsed = parseOne(packet.encodePublish("t", content, 0, false, 0))
        expect(parsed.length).toBe(length)
        expect(parsed.cmd === "publish" && parsed.payload.length).toBe(content.length)
    })
})
