// The board's MQTT decoder, checked with packets of mqtt-packet.
import fc from "fast-check"
import { generate, type Packet } from "mqtt-packet"
import { describe, expect, test } from "vitest"
import { fromServer } from "../../../helpers/arbitrary-packets.js"
import { decodeStream, describePacket } from "../../../helpers/decoded-packets.js"

const STREAMS = 3_000

/** Returns the fields of `packet` that MQTT 3.1.1 transmits. */
function expected(packet: Packet): object {
    const { cmd, messageId } = packet
    switch (packet.cmd) {
        case "connack":
            return { cmd, sessionPresent: packet.sessionPresent, returnCode: packet.returnCode }
        case "publish": {
            const { topic, qos, dup, retain } = packet
            const payload = Buffer.from(packet.payload).toString("hex")
            return { cmd, topic, payload, qos, dup, retain, messageId: qos ? messageId : 0 }
        }
        case "suback":
            return { cmd, messageId, granted: packet.granted }
        case "pingresp":
            return { cmd }
        default:
            return { cmd, messageId }
    }
}

describe("the board's decoder", () => {
    test("reads packets of mqtt-packet that are joined, cut at any position, or cut into single bytes", () => {
        let packets = 0
        const streams = fc.array(fromServer, { minLength: 1, maxLength: 8 })
        fc.assert(
            fc.property(streams, sent => {
                packets += sent.length
                const bytes = Buffer.concat(sent.map(packet => generate(packet)))
                const whole = decodeStream([bytes])
                expect(whole.map(describePacket)).toEqual(sent.map(expected))
                const same = JSON.stringify(whole)
                for (let at = 1; at < bytes.length; at++) {
                    const cut = decodeStream([bytes.subarray(0, at), bytes.subarray(at)])
                    if (JSON.stringify(cut) !== same) expect(cut, `cut at ${at}`).toEqual(whole)
                }
                expect(decodeStream([...bytes].map(byte => Buffer.from([byte])))).toEqual(whole)
            }),
            { seed: 4, numRuns: STREAMS }
        )
        expect(packets).toBeGreaterThanOrEqual(10_000)
    })

    test("reads packets of mqtt-packet that are cut at any three positions", () => {
        fc.assert(
            fc.property(
                fc.array(fromServer, { minLength: 1, maxLength: 8 }),
                fc.array(fc.nat(400), { minLength: 3, maxLength: 3 }),
                (sent, cuts) => {
                    const bytes = Buffer.concat(sent.map(packet => generate(packet)))
                    const [a, b, c] = cuts.sort((x, y) => x - y) as [number, number, number]
                    const chunks = [
                        bytes.subarray(0, a),
                        bytes.subarray(a, b),
                        bytes.subarray(b, c),
                        bytes.subarray(c),
                    ]
                    expect(decodeStream(chunks).map(describePacket)).toEqual(sent.map(expected))
                }
            ),
            { seed: 5, numRuns: 1_000 }
        )
    })
})
