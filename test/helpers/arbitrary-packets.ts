// fast-check generators of MQTT packets, in the form that mqtt-packet uses.
import fc from "fast-check"
import type { Packet } from "mqtt-packet"

export const packetId = fc.integer({ min: 1, max: 0xffff })
export const qos = fc.constantFrom<0 | 1>(0, 1)
/** A valid topic: any Unicode text that is not empty and has no NUL and no wildcard. */
export const topic = fc
    .string({ unit: "binary", minLength: 1, maxLength: 24 })
    .filter(text => !/[\0+#]/.test(text))
export const text = fc.string({ unit: "binary", maxLength: 24 }).filter(value => !value.includes("\0"))
export const payload = fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes))

const publish = fc
    .record({ topic, payload, qos, retain: fc.boolean(), isDuplicate: fc.boolean(), messageId: packetId })
    .map(({ isDuplicate, ...fields }): Packet => ({
        cmd: "publish",
        ...fields,
        dup: isDuplicate && fields.qos > 0,
    }))

const connack = fc
    .record({ returnCode: fc.integer({ min: 0, max: 5 }), sessionPresent: fc.boolean() })
    .map((fields): Packet => ({ cmd: "connack", ...fields }))

const suback = fc
    .record({
        messageId: packetId,
        granted: fc.array(fc.constantFrom(0, 1, 2, 128), { minLength: 1, maxLength: 3 }),
    })
    .map((fields): Packet => ({ cmd: "suback", ...fields }))

/** Any packet that a server may send to a board. */
export const fromServer: fc.Arbitrary<Packet> = fc.oneof(
    connack,
    publish,
    suback,
    packetId.map((messageId): Packet => ({ cmd: "puback", messageId })),
    packetId.map((messageId): Packet => ({ cmd: "unsuback", messageId, granted: [] })),
    fc.constant<Packet>({ cmd: "pingresp" })
)
