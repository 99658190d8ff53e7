// One MQTT 3.1.1 session on the one socket, run by the fiber that calls it: nothing goes on in the
// background. Any fault ends the session, but for a packet too large to send; the caller connects again.

import * as ds from "@devicescript/core"
import { Fault, FaultKind } from "../contract/fault"
import { close, closeReason, connect, isClosed, send, wait } from "../socket/socket"
import {
    type ConnectFields,
    DUP,
    decodePublish,
    Decoder,
    encodeEmpty,
    encodeConnect,
    encodePubAck,
    encodePublish,
    encodeSubscribe,
    encodeUnsubscribe,
    PacketType,
    type Message,
    readUint16,
} from "./mqtt-packet"

export interface SessionOptions extends ConnectFields {
    host: string
    port: number
    tls: boolean
}

/** For DNS, TCP and TLS. */
const CONNECT_MS = 30_000
/**
 * For CONNACK: a busy service lets connects queue for up to 60 s (facts 4). Waiting no longer than that would leave just
 * before each answer: in the model of a million boards a hub over its rate then moors nobody any more.
 */
const CONNACK_MS = 70_000
/** For every other answer, PINGRESP included. */
const ANSWER_MS = 20_000

/** Larger packets are skipped; a 1,500-byte method payload and its topic fit. */
const PACKET_MAX_BYTES = 2048
const INBOX_MAX = 4
const INBOX_MAX_BYTES = 4096
/** A PUBLISH goes out this often: TLS under back-pressure may drop one silently (facts D7). */
const PUBLISHES_MAX = 3
/** The DISCONNECT leaves in this time: close() does not wait for it. */
const DRAIN_MS = 100

let decoder: Decoder
let inbox: Message[]
let inboxBytes: number
let droppedCount = 0
let lastId = 0
let pingAfterMs: number
let sentMs: number
let heardMs: number
/** When the PINGREQ left that nothing followed yet, or 0. */
let pingMs: number
let wantedHead: number
let wantedId: number
let answer: Buffer
/** When the session was granted, in ms of uptime; long ago while it is not. */
export let connAckMs: number

function onChunk(chunk: Buffer): void {
    heardMs = ds.millis()
    pingMs = 0
    decoder.feed(chunk)
}

function onPacket(head: number, body: Buffer, length: number): void {
    if ((head & 0xf0) === PacketType.Publish) enqueue(decodePublish(head, body, length))
    else if (head === wantedHead && (head === PacketType.ConnAck || readUint16(body, 0) === wantedId)) {
        answer = body
        wantedHead = 0
    } else if (head === PacketType.ConnAck) throw new Fault(FaultKind.Protocol, "unexpected CONNACK")
}

/** Over the bounds a message is dropped; of QoS 1 the service keeps it, since it is not acknowledged. */
function enqueue(message: Message): void {
    const bytes = message.payload ? message.payload.length : 0
    if (inbox.length === INBOX_MAX || (inboxBytes && inboxBytes + bytes > INBOX_MAX_BYTES)) {
        droppedCount++
        return
    }
    inboxBytes += bytes
    inbox.push(message)
}

/** Messages that found the inbox full, since boot. */
export function droppedMessages(): number {
    return droppedCount
}

function fail(kind: FaultKind, message: string): void {
    close()
    throw new Fault(kind, message)
}

async function transmit(packet: Buffer): Promise<void> {
    sentMs = ds.millis()
    await send(packet)
}

/**
 * Waits for something to happen, `untilMs` at most, and keeps the session alive meanwhile: a PINGREQ
 * when either side was silent too long [MQTT-3.1.2-23], the end of it when nothing follows that.
 */
async function pump(untilMs: number): Promise<void> {
    if (isClosed()) {
        close()
        throw closeReason()
    }
    const nowMs = ds.millis()
    const dueMs = pingMs > 0 ? pingMs + ANSWER_MS : Math.min(sentMs, heardMs) + pingAfterMs
    if (nowMs < dueMs) await wait(Math.min(untilMs, dueMs) - nowMs)
    else if (pingMs > 0) fail(FaultKind.Timeout, "no PINGRESP")
    else {
        pingMs = nowMs
        await transmit(encodeEmpty(PacketType.PingReq))
    }
}

/** Sends `packet` and returns the body of its answer, `name`; a PUBLISH is sent again, as a duplicate. */
async function request(
    packet: Buffer,
    head: number,
    name: string,
    id: number,
    timeoutMs: number
): Promise<Buffer> {
    answer = undefined
    wantedHead = head
    wantedId = id
    for (let i = head === PacketType.PubAck ? PUBLISHES_MAX : 1; i; i--) {
        await transmit(packet)
        const untilMs = ds.millis() + timeoutMs
        while (!answer && ds.millis() < untilMs) await pump(untilMs)
        if (answer) return answer
        packet[0] |= DUP
    }
    // No CONNACK is no silence of the socket: it has just done a handshake, and a busy service lets connects queue.
    fail(head === PacketType.ConnAck ? FaultKind.Network : FaultKind.Timeout, "no " + name)
    return undefined
}

/** 1 to 65535 [MQTT-2.3.1-1]; none is in use, since only one packet is ever on its way. */
function nextId(): number {
    lastId = (lastId % 0xffff) + 1
    return lastId
}

/** What a CONNACK return code means [MQTT 3.2.2.3]. */
function refusalOf(code: number): FaultKind {
    if (code === 3) return FaultKind.Unavailable
    return code > 3 ? FaultKind.Refused : FaultKind.Rejected
}

/**
 * Opens the session. A CONNACK other than 0 is a fault: see refusalOf().
 * @returns whether the service had kept a session
 */
export async function connectMqtt(options: SessionOptions): Promise<boolean> {
    decoder = new Decoder(PACKET_MAX_BYTES, onPacket)
    inbox = []
    inboxBytes = 0
    // No PINGREQ before the CONNACK.
    pingAfterMs = Infinity
    pingMs = 0
    wantedHead = 0
    heardMs = 0
    connAckMs = -Infinity
    await connect(options.host, options.port, options.tls, CONNECT_MS, onChunk)
    const body = await request(encodeConnect(options), PacketType.ConnAck, "CONNACK", 0, CONNACK_MS)
    if (body[1]) fail(refusalOf(body[1]), "CONNACK " + body[1])
    connAckMs = ds.millis()
    pingAfterMs = options.keepAliveSec * 750
    return body[0] === 1
}

/** @returns the granted QoS, which may be lower than asked for */
export async function subscribe(filter: string, qos: number): Promise<number> {
    const id = nextId()
    const body = await request(encodeSubscribe(id, filter, qos), PacketType.SubAck, "SUBACK", id, ANSWER_MS)
    // 128 is a failure [MQTT-3.9.3-2]; more than asked for is none that the protocol knows.
    if (body[2] > qos) fail(FaultKind.ServerError, "SUBACK " + body[2])
    return body[2]
}

export async function unsubscribe(filter: string): Promise<void> {
    const id = nextId()
    await request(encodeUnsubscribe(id, filter), PacketType.UnsubAck, "UNSUBACK", id, ANSWER_MS)
}

/** Sends a message; with QoS 1 returns when it was acknowledged. */
export async function publish(topic: string, payload: Buffer | string, qos: number): Promise<void> {
    const id = qos ? nextId() : 0
    const packet = encodePublish(topic, payload, qos, false, id)
    if (qos) await request(packet, PacketType.PubAck, "PUBACK", id, ANSWER_MS)
    else await transmit(packet)
}

/**
 * The next message, or undefined when none came in `timeoutMs`. It is acknowledged when it is handed
 * out; one that was too large to keep is acknowledged too, lest it come back for ever, and logged.
 */
export async function nextMessage(timeoutMs: number): Promise<Message> {
    const untilMs = ds.millis() + timeoutMs
    for (;;) {
        while (!inbox.length) {
            if (ds.millis() >= untilMs) return undefined
            await pump(untilMs)
        }
        const message = inbox[0]
        inbox.insert(0, -1)
        if (message.id) await transmit(encodePubAck(message.id))
        if (message.payload) {
            inboxBytes -= message.payload.length
            return message
        }
        console.log("too large, skipped: " + message.topic)
    }
}

/** Ends the session with a DISCONNECT [MQTT-3.14.4-1]; never fails. */
export async function closeMqtt(): Promise<void> {
    try {
        await send(encodeEmpty(PacketType.Disconnect))
        await ds.sleep(DRAIN_MS)
    } catch (e) {
        // It was lost already.
    }
    close()
}
