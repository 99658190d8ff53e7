// One MQTT 3.1.1 session on the only socket. The calling fiber does all the work, and nothing runs in the background. Any
// failure ends the session, except a packet that is too large to send. The caller then connects again.

import * as ds from "@devicescript/core"
import { Fault, FaultKind } from "../contract/fault"
import { close, closeReason, connect, isOpen, send, wait } from "../socket/socket"
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

/** Timeout of DNS, TCP and TLS together. */
const CONNECT_MS = 30_000
/**
 * Timeout of CONNACK. A busy service queues connections for up to 60 s (protocol-facts.md, 4). Boards that wait for 60 s
 * leave just before the answer. In the model with a million boards, a hub over its rate then moors no board.
 */
const CONNACK_MS = 70_000
/** Timeout of every other answer, including PINGRESP. */
const ANSWER_MS = 20_000

/** Larger packets are skipped. A method payload of 1,500 bytes fits with its topic. */
const PACKET_MAX_BYTES = 2048
const INBOX_MAX = 4
const INBOX_MAX_BYTES = 4096
/** A PUBLISH is sent up to this many times: TLS under back-pressure may drop a packet silently (runtime-facts.md, D7). */
const PUBLISHES_MAX = 3
/** The DISCONNECT is sent within this time. `close` does not wait for it. */
const DRAIN_MS = 100

let decoder: Decoder
let inbox: Message[]
let inboxBytes: number
let droppedCount = 0
let lastId = 0
let pingAfterMs: number
let sentMs: number
let receivedMs: number
/** When an unanswered PINGREQ was sent, in ms of uptime, or 0. */
let pingMs: number
let wantedHead: number
let wantedId: number
let answer: Buffer
/** When CONNACK arrived, in ms of uptime. -Infinity before that. */
export let connAckMs: number

function onChunk(chunk: Buffer): void {
    receivedMs = ds.millis()
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

/** Drops the message if the inbox is full. The service keeps a message of QoS 1, because it is not acknowledged. */
function enqueue(message: Message): void {
    const bytes = message.payload ? message.payload.length : 0
    if (inbox.length === INBOX_MAX || (inboxBytes && inboxBytes + bytes > INBOX_MAX_BYTES)) {
        droppedCount++
        return
    }
    inboxBytes += bytes
    inbox.push(message)
}

/** Returns the number of messages since boot that were dropped because the inbox was full. */
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
 * Waits for an event of the socket, at most until `untilMs`. Sends a PINGREQ if either side was silent for too long
 * [MQTT-3.1.2-23]. Ends the session if nothing follows the PINGREQ. Throws Fault.
 */
async function pump(untilMs: number): Promise<void> {
    if (!isOpen()) {
        close()
        throw closeReason
    }
    const nowMs = ds.millis()
    const dueMs = pingMs > 0 ? pingMs + ANSWER_MS : Math.min(sentMs, receivedMs) + pingAfterMs
    if (nowMs < dueMs) await wait(Math.min(untilMs, dueMs) - nowMs)
    else if (pingMs > 0) fail(FaultKind.Timeout, "no PINGRESP")
    else {
        pingMs = nowMs
        await transmit(encodeEmpty(PacketType.PingReq))
    }
}

/** Sends `packet` and returns the body of its answer. Sends a PUBLISH again, as a duplicate. Throws Fault. */
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
    // A missing CONNACK is not a timeout of the socket: the handshake has just succeeded, and a busy service queues.
    fail(head === PacketType.ConnAck ? FaultKind.Network : FaultKind.Timeout, "no " + name)
    return undefined
}

/** Returns a packet identifier, 1 to 65535 [MQTT-2.3.1-1]. None is in use, because only one packet is in flight. */
function nextId(): number {
    lastId = (lastId % 0xffff) + 1
    return lastId
}

/** Returns the kind of failure that a CONNACK return code means [MQTT 3.2.2.3]. */
function refusalOf(code: number): FaultKind {
    if (code === 3) return FaultKind.Unavailable
    return code > 3 ? FaultKind.Refused : FaultKind.Rejected
}

/**
 * Opens the session. Throws Fault, also for a CONNACK other than 0 (see `refusalOf`).
 * @returns whether the service had a session of this client
 */
export async function connectMqtt(options: SessionOptions): Promise<boolean> {
    decoder = new Decoder(PACKET_MAX_BYTES, onPacket)
    inbox = []
    inboxBytes = 0
    // No PINGREQ before CONNACK.
    pingAfterMs = Infinity
    pingMs = 0
    wantedHead = 0
    receivedMs = 0
    connAckMs = -Infinity
    await connect(options.host, options.port, options.tls, CONNECT_MS, onChunk)
    const body = await request(encodeConnect(options), PacketType.ConnAck, "CONNACK", 0, CONNACK_MS)
    if (body[1]) fail(refusalOf(body[1]), "CONNACK " + body[1])
    connAckMs = ds.millis()
    pingAfterMs = options.keepAliveSec * 750
    return body[0] === 1
}

/** Subscribes to a topic filter. Returns the granted QoS, which may be lower than the requested QoS. Throws Fault. */
export async function subscribe(filter: string, qos: number): Promise<number> {
    const id = nextId()
    const body = await request(encodeSubscribe(id, filter, qos), PacketType.SubAck, "SUBACK", id, ANSWER_MS)
    // 128 is a failure [MQTT-3.9.3-2]. The protocol does not allow a higher QoS than requested.
    if (body[2] > qos) fail(FaultKind.ServerError, "SUBACK " + body[2])
    return body[2]
}

/** Removes a subscription. Throws Fault. */
export async function unsubscribe(filter: string): Promise<void> {
    const id = nextId()
    await request(encodeUnsubscribe(id, filter), PacketType.UnsubAck, "UNSUBACK", id, ANSWER_MS)
}

/** Sends a message. With QoS 1, waits for the acknowledgement. Throws Fault. */
export async function publish(topic: string, payload: Buffer | string, qos: number): Promise<void> {
    const id = qos ? nextId() : 0
    const packet = encodePublish(topic, payload, qos, false, id)
    if (qos) await request(packet, PacketType.PubAck, "PUBACK", id, ANSWER_MS)
    else await transmit(packet)
}

/**
 * Returns the next message and acknowledges it. Returns undefined if no message arrives in `timeoutMs`. Logs a message
 * that was too large and acknowledges it too, because the service would send it again and again. Throws Fault.
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
        console.log("message too large: " + message.topic)
    }
}

/** Ends the session with a DISCONNECT [MQTT-3.14.4-1]. Never fails. */
export async function closeMqtt(): Promise<void> {
    try {
        await send(encodeEmpty(PacketType.Disconnect))
        await ds.sleep(DRAIN_MS)
    } catch (e) {
        // The connection was already lost.
    }
    close()
}
