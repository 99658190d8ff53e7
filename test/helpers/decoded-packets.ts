// The output of the board's MQTT decoder, in a form that tests can compare.
import { Decoder, decodePublish } from "@moorage/device/shared"

export interface DecodedPacket {
    head: number
    length: number
    body: string
}

/** Decodes `chunks`, one after another. Returns the packets. */
export function decodeStream(chunks: Buffer[], maxBytes = 4096): DecodedPacket[] {
    const out: DecodedPacket[] = []
    const decoder = new Decoder(maxBytes, (head, body, length) =>
        out.push({ head, length, body: body.toString("latin1") })
    )
    for (const chunk of chunks) decoder.feed(chunk)
    return out
}

/** Returns the packet in the form that mqtt-packet uses. */
export function describePacket({ head, length, body }: DecodedPacket): object {
    const bytes = Buffer.from(body, "latin1")
    const messageId = bytes.length > 1 ? bytes.readUInt16BE(0) : 0
    switch (head & 0xf0) {
        case 0x20:
            return { cmd: "connack", sessionPresent: bytes[0] === 1, returnCode: bytes[1] }
        case 0x30: {
            const message = decodePublish(head, bytes, length)
            return {
                cmd: "publish",
                topic: message.topic,
                payload: message.payload?.toString("hex"),
                qos: (head >> 1) & 3,
                dup: (head & 8) !== 0,
                retain: (head & 1) !== 0,
                messageId: message.id,
            }
        }
        case 0x40:
            return { cmd: "puback", messageId }
        case 0x90:
            return { cmd: "suback", messageId, granted: [...bytes.subarray(2)] }
        case 0xb0:
            return { cmd: "unsuback", messageId }
        default:
            return { cmd: "pingresp" }
    }
}
