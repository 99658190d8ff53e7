// A broker with one script per client identifier, for the program test/vm-suites/programs/mqtt-client.ts. It uses
// mqtt-packet, so that the tests do not check the board's codec with itself.
import type { Link } from "@moorage/runtime"
import type { Clock } from "@moorage/runtime"
import { generate, parser, type Packet } from "mqtt-packet"

const CONNACK = generate({ cmd: "connack", returnCode: 0, sessionPresent: false })

/** The connection of a board, as the scripts see it. */
interface BrokerSession {
    link: Link
    clock: Clock
    received: Packet[]
}

/** Handles one packet of the board. */
type BrokerScript = (packet: Packet, session: BrokerSession) => void

/** Returns a PUBLISH packet with QoS 1 if `messageId` is given, otherwise with QoS 0. */
function publishPacket(topic: string, size: number, messageId = 0): Buffer {
    const payload = Buffer.alloc(size, 0x61)
    const qos = messageId ? 1 : 0
    return generate({ cmd: "publish", topic, payload, qos, messageId, dup: false, retain: false })
}

function puback(messageId: number | undefined): Buffer {
    return generate({ cmd: "puback", messageId })
}

/** Answers every packet as MQTT 3.1.1 requires. */
const answerEach: BrokerScript = (packet, { link }) => {
    const { messageId } = packet
    if (packet.cmd === "connect") link.send(CONNACK)
    else if (packet.cmd === "pingreq") link.send(generate({ cmd: "pingresp" }))
    else if (packet.cmd === "subscribe") link.send(generate({ cmd: "suback", messageId, granted: [1] }))
    else if (packet.cmd === "unsubscribe") link.send(generate({ cmd: "unsuback", messageId, granted: [] }))
    else if (packet.cmd === "publish" && packet.qos === 1) link.send(puback(messageId))
}

function refuse(returnCode: number): BrokerScript {
    return (_, { link }) => {
        link.send(generate({ cmd: "connack", returnCode, sessionPresent: false }))
        link.close()
    }
}

/** As `polite`, but `cmd` is answered by `part`. */
function answerEachExcept(cmd: Packet["cmd"], script: BrokerScript): BrokerScript {
    return (packet, session) => (packet.cmd === cmd ? script : answerEach)(packet, session)
}

/** Returns the number of PUBLISH packets received so far. */
function publishCount({ received }: BrokerSession): number {
    return received.filter(packet => packet.cmd === "publish").length
}

const SCRIPTS: Record<string, BrokerScript> = {
    refuse1: refuse(1),
    refuse2: refuse(2),
    refuse3: refuse(3),
    refuse4: refuse(4),
    refuse5: refuse(5),
    "no-connack": () => {},
    "closes-before-connack": (_, { link }) => link.close(),
    "publishes-with-connack": answerEachExcept("connect", (_, { link }) =>
        link.send(Buffer.concat([CONNACK, publishPacket("a", 1)]))
    ),
    "byte-by-byte": (packet, { link, clock }) => {
        const answers = []
        if (packet.cmd === "connect")
            answers.push(generate({ cmd: "connack", returnCode: 0, sessionPresent: true }))
        if (packet.cmd === "subscribe")
            answers.push(
                generate({ cmd: "suback", messageId: packet.messageId, granted: [0] }),
                publishPacket("a/1", 200),
                publishPacket("a/2", 0)
            )
        // Sends one byte per turn of the board's main loop.
        Buffer.concat(answers).forEach((byte, i) => {
            clock.after(i * 10, () => link.send(Buffer.from([byte])))
        })
    },
    qos1: (packet, session) => {
        answerEach(packet, session)
        if (publishCount(session) === 3 && packet.cmd === "publish")
            session.link.send(publishPacket("a/q", 3, 9))
    },
    "puback-lost": answerEachExcept("publish", (packet, session) => {
        if (publishCount(session) > 1) answerEach(packet, session)
    }),
    "puback-of-other-id": answerEachExcept("publish", (packet, session) => {
        session.link.send(puback(4711))
        answerEach(packet, session)
    }),
    "puback-never": answerEachExcept("publish", () => {}),
    "invalid-packet": answerEachExcept("publish", (_, { link }) => link.send(Buffer.from([0, 0]))),
    "suback-128": answerEachExcept("subscribe", ({ messageId }, { link }) =>
        link.send(generate({ cmd: "suback", messageId, granted: [128] }))
    ),
    pingresp: answerEach,
    "no-pingresp": answerEachExcept("pingreq", () => {}),
    "closes-after-connack": answerEachExcept("connect", (_, { link }) => {
        link.send(CONNACK)
        link.close()
    }),
    "large-packet": answerEachExcept("connect", (_, { link }) => {
        link.send(Buffer.concat([CONNACK, publishPacket("big", 5000, 77), publishPacket("a/x", 2)]))
    }),
    "large-publish": answerEach,
    "six-messages": answerEachExcept("publish", (packet, { link }) => {
        const six = [1, 2, 3, 4, 5, 6].map(id => publishPacket(`m${id}`, 10, id))
        link.send(Buffer.concat([...six, puback(packet.messageId)]))
    }),
    burst: answerEachExcept("publish", (packet, session) => {
        answerEach(packet, session)
        if (packet.cmd !== "publish" || packet.topic !== "go") return
        for (let i = 0; i < 500; i++) session.link.send(publishPacket("b", 100))
        session.link.send(publishPacket("end", 0))
    }),
}

/** The packets of each client identifier, in order. */
export type ReceivedPackets = Record<string, Packet[]>

/** Serves one link with the script of its client identifier, and adds the packets to `received`. */
export function serveScript(link: Link, clock: Clock, received: ReceivedPackets): void {
    const session: BrokerSession = { link, clock, received: [] }
    const reader = parser()
    let script: BrokerScript | undefined
    reader.on("packet", packet => {
        session.received.push(packet)
        if (packet.cmd === "connect") {
            script = SCRIPTS[packet.clientId]
            received[packet.clientId] = session.received
        }
        script?.(packet, session)
    })
    link.listen({ data: bytes => void reader.parse(Buffer.from(bytes)), closed: () => {} })
}
