// MQTT 3.1.1 control packets: encodes whole packets, and decodes packets from chunks of any size. Pure: no socket, no
// clock, no session.

import { Fault, FaultKind } from "../contract/fault"

/** The first byte of each packet, with its flags. A PUBLISH has flags of its own in the low bits. */
export const enum PacketType {
    Connect = 0x10,
    ConnAck = 0x20,
    Publish = 0x30,
    PubAck = 0x40,
    Subscribe = 0x82,
    SubAck = 0x90,
    Unsubscribe = 0xa2,
    UnsubAck = 0xb0,
    PingReq = 0xc0,
    PingResp = 0xd0,
    Disconnect = 0xe0,
}

/** The flag of a PUBLISH that is sent again [MQTT-3.3.1-1]. */
export const DUP = 8

/** The part of a packet that is too large which the decoder keeps: enough for topic and packet identifier. */
export const KEPT_BYTES = 512

export interface ConnectFields {
    clientId: string
    username?: string
    password?: string
    /** 0 to 65535. */
    keepAliveSec: number
    cleanSession: boolean
}

export interface Message {
    topic: string
    /** Undefined if the packet was too large. `nextMessage` never returns such a message. */
    payload?: Buffer
    /** Packet identifier of a QoS 1 message, 0 for QoS 0. */
    id: number
}

/** Returns two bytes, high byte first [MQTT 1.5.2]. */
function uint16(value: number): Buffer {
    return Buffer.from([value >> 8, value])
}

/** Returns the number in two bytes, high byte first [MQTT 1.5.2]. */
export function readUint16(bytes: Buffer, at: number): number {
    return (bytes[at] << 8) | bytes[at + 1]
}

/** Returns a packet in one buffer: head, remaining length [MQTT 2.2.3], then all `parts`. */
function buildPacket(head: number, parts: Buffer[]): Buffer {
    let length = 0
    for (const part of parts) length += part.length
    const header = [head]
    let rest = length
    while (rest > 127) {
        header.push((rest & 127) | 128)
        rest >>= 7
    }
    header.push(rest)
    let at = header.length
    const packet = Buffer.alloc(at + length)
    packet.set(Buffer.from(header), 0)
    for (const part of parts) {
        packet.set(part, at)
        at += part.length
    }
    return packet
}

/** Appends a length and the bytes to `parts` [MQTT 1.5.3]. */
function field(parts: Buffer[], value: string): void {
    const bytes = Buffer.from(value)
    parts.push(uint16(bytes.length), bytes)
}

/** Returns a CONNECT without a will: the hub turns a will into telemetry, and Moorage needs none. */
export function encodeConnect(fields: ConnectFields): Buffer {
    let flags = fields.cleanSession ? 2 : 0
    if (fields.password !== undefined) flags |= 64
    if (fields.username !== undefined) flags |= 128
    const parts: Buffer[] = []
    field(parts, "MQTT")
    parts.push(Buffer.from([4, flags]), uint16(fields.keepAliveSec))
    field(parts, fields.clientId)
    if (fields.username !== undefined) field(parts, fields.username)
    if (fields.password !== undefined) field(parts, fields.password)
    return buildPacket(PacketType.Connect, parts)
}

/**
 * Returns a PUBLISH.
 * @param id packet identifier, used if `qos` is 1
 */
export function encodePublish(
    topic: string,
    payload: Buffer | string,
    qos: number,
    retain: boolean,
    id: number
): Buffer {
    const parts: Buffer[] = []
    field(parts, topic)
    if (qos) parts.push(uint16(id))
    parts.push(typeof payload === "string" ? Buffer.from(payload) : payload)
    return buildPacket(PacketType.Publish | (qos << 1) | (retain ? 1 : 0), parts)
}

/** Returns a PUBACK. */
export function encodePubAck(id: number): Buffer {
    return buildPacket(PacketType.PubAck, [uint16(id)])
}

/** Returns a SUBSCRIBE with one topic filter. */
export function encodeSubscribe(id: number, filter: string, qos: number): Buffer {
    const parts = [uint16(id)]
    field(parts, filter)
    parts.push(Buffer.from([qos]))
    return buildPacket(PacketType.Subscribe, parts)
}

/** Returns an UNSUBSCRIBE with one topic filter. */
export function encodeUnsubscribe(id: number, filter: string): Buffer {
    const parts = [uint16(id)]
    field(parts, filter)
    return buildPacket(PacketType.Unsubscribe, parts)
}

/** Returns a packet that has only a head: PINGREQ, DISCONNECT. */
export function encodeEmpty(head: number): Buffer {
    return buildPacket(head, [])
}

function malformed(): Fault {
    return new Fault(FaultKind.Protocol, "malformed MQTT packet")
}

/** Returns whether a server may send this packet to a client that requests only QoS 0 and 1. */
function isAllowed(head: number, length: number): boolean {
    switch (head) {
        case PacketType.PingResp:
            return !length
        case PacketType.PubAck:
        case PacketType.ConnAck:
        case PacketType.UnsubAck:
            return length === 2
        case PacketType.SubAck:
            return length > 2
        default:
            return (head & 0xf4) === PacketType.Publish && length > 2
    }
}

/** Decodes packets from a stream of chunks of any size. Holds at most one packet, of at most `maxBytes`. */
export class Decoder {
    private head = 0
    private length = 0
    private shift = 0
    private got = 0
    private body: Buffer | undefined

    /**
     * @param maxBytes limit for a packet without its fixed header; only the start of a larger packet is kept
     * @param onPacket receives the head, the body (shorter than `length` if the packet was too large) and the length
     */
    constructor(
        private readonly maxBytes: number,
        private readonly onPacket: (head: number, body: Buffer, length: number) => void
    ) {}

    /** Decodes the next bytes. Throws a Protocol fault for bytes that are not MQTT. The decoder is unusable after that. */
    feed(chunk: Buffer): void {
        const end = chunk.length
        let at = 0
        while (at < end) {
            const body = this.body
            if (body) {
                const taken = Math.min(this.length - this.got, end - at)
                const kept = Math.min(body.length - this.got, taken)
                if (kept > 0) body.set(chunk.slice(at, at + kept), this.got)
                this.got += taken
                at += taken
                if (this.got === this.length) this.deliver(body)
            } else {
                this.takeHeader(chunk[at])
                at++
            }
        }
    }

    /** Decodes one byte of the fixed header: the head, then 1 to 4 bytes of remaining length [MQTT 2.2.3]. */
    private takeHeader(byte: number): void {
        const head = this.head
        if (!head) {
            if (!byte) throw malformed()
            this.head = byte
            return
        }
        const length = this.length | ((byte & 127) << this.shift)
        this.length = length
        if (byte & 128) {
            this.shift += 7
            if (this.shift === 28) throw malformed()
            return
        }
        if (!isAllowed(head, length)) throw malformed()
        const body = Buffer.alloc(length > this.maxBytes ? KEPT_BYTES : length)
        if (length) this.body = body
        else this.deliver(body)
    }

    private deliver(body: Buffer): void {
        const head = this.head
        const length = this.length
        this.head = this.length = this.shift = this.got = 0
        this.body = undefined
        this.onPacket(head, body, length)
    }
}

/** Returns the message in a PUBLISH from the decoder. Throws a Protocol fault for a malformed packet. */
export function decodePublish(head: number, body: Buffer, length: number): Message {
    const topicEnd = readUint16(body, 0) + 2
    const isQos1 = head & 2
    const payloadAt = isQos1 ? topicEnd + 2 : topicEnd
    if (topicEnd === 2 || payloadAt > length) throw malformed()
    // The packet identifier was skipped with the rest of the packet, so the message cannot be acknowledged.
    if (payloadAt > body.length) return { topic: "", id: 0 }
    const id = isQos1 ? readUint16(body, topicEnd) : 0
    if (isQos1 && !id) throw malformed() // [MQTT-2.3.1-1]
    return {
        topic: body.slice(2, topicEnd).toString(),
        payload: body.length < length ? undefined : body.slice(payloadAt),
        id,
    }
}
