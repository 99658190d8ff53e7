// A broker that plays one part for each client identifier: the other side of
// test/vm-suites/programs/mqtt-client.ts. It speaks through mqtt-packet, so that the board's own codec is
// not its own judge.
import type { Link } from "@moorage/runtime"
import type { Clock } from "@moorage/runtime"
import { generate, parser, type Packet } from "mqtt-packet"

export const CONNACK = generate({ cmd: "connack", returnCode: 0, sessionPresent: false })

/** One board's connection, as the parts below see it. */
interface Session {
    link: Link
    clock: Clock
    received: Packet[]
}

/** What the broker does on one packet. */
type Part = (packet: Packet, session: Session) => void

export function publishOf(topic: string, size: number, messageId = 0): Buffer {
    const payload = Buffer.alloc(size, 0x61)
    const qos = messageId ? 1 : 0
    return generate({ cmd: "publish", topic, payload, qos, messageId, dup: false, retain: false })
}

function puback(messageId: number | undefined): Buffer {
    return generate({ cmd: "puback", messageId })
}

/** Answers as a broker should. */
const polite: Part = (packet, { link }) => {
    const { messageId } = packet
    if (packet.cmd === "connect") link.send(CONNACK)
    else if (packet.cmd === "pingreq") link.send(generate({ cmd: "pingresp" }))
    else if (packet.cmd === "subscribe") link.send(generate({ cmd: "suback", messageId, granted: [1] }))
    else if (packet.cmd === "unsubscribe") link.send(generate({ cmd: "unsuback", messageId, granted: [] }))
    else if (packet.cmd === "publish" && packet.qos === 1) link.send(puback(messageId))
}

function refuse(returnCode: number): Part {
    return (_, { link }) => {
        link.send(generate({ cmd: "connack", returnCode, sessionPresent: false }))
        link.close()
    }
}

/** As `polite`, but `cmd` is answered by `part`. */
function except(cmd: Packet["cmd"], part: Part): Part {
    return (packet, session) => (packet.cmd === cmd ? part : polite)(packet, session)
}

/** How many PUBLISH packets came so far. */
function publishes({ received }: Session): number {
    return received.filter(packet => packet.cmd === "publish").length
}

const PARTS: Record<string, Part> = {
    refuse1: refuse(1),
    refuse2: refuse(2),
    refuse3: refuse(3),
    refuse4: refuse(4),
    refuse5: refuse(5),
    mute: () => {},
    slammed: (_, { link }) => link.close(),
    eager: except("connect", (_, { link }) => link.send(Buffer.concat([CONNACK, publishOf("a", 1)]))),
    cut: (packet, { link, clock }) => {
        const answers = []
        if (packet.cmd === "connect")
            answers.push(generate({ cmd: "connack", returnCode: 0, sessionPresent: true }))
        if (packet.cmd === "subscribe")
            answers.push(
                generate({ cmd: "suback", messageId: packet.messageId, granted: [0] }),
                publishOf("a/1", 200),
                publishOf("a/2", 0)
            )
        // One byte in each turn of the board's main loop.
        Buffer.concat(answers).forEach((byte, i) => {
            clock.after(i * 10, () => link.send(Buffer.from([byte])))
        })
    },
    qos1: (packet, session) => {
        polite(packet, session)
        if (publishes(session) === 3 && packet.cmd === "publish") session.link.send(publishOf("a/q", 3, 9))
    },
    ackdropped: except("publish", (packet, session) => {
        if (publishes(session) > 1) polite(packet, session)
    }),
    ackstale: except("publish", (packet, session) => {
        session.link.send(puback(4711))
        polite(packet, session)
    }),
    ackless: except("publish", () => {}),
    garbage: except("publish", (_, { link }) => link.send(Buffer.from([0, 0]))),
    denied: except("subscribe", ({ messageId }, { link }) =>
        link.send(generate({ cmd: "suback", messageId, granted: [128] }))
    ),
    alive: polite,
    dead: except("pingreq", () => {}),
    lost: except("connect", (_, { link }) => {
        link.send(CONNACK)
        link.close()
    }),
    large: except("connect", (_, { link }) => {
        link.send(Buffer.concat([CONNACK, publishOf("big", 5000, 77), publishOf("a/x", 2)]))
    }),
    toomuch: polite,
    full: except("publish", (packet, { link }) => {
        const six = [1, 2, 3, 4, 5, 6].map(id => publishOf(`m${id}`, 10, id))
        link.send(Buffer.concat([...six, puback(packet.messageId)]))
    }),
    burst: except("publish", (packet, session) => {
        polite(packet, session)
        if (packet.cmd !== "publish" || packet.topic !== "go") return
        for (let i = 0; i < 500; i++) session.link.send(publishOf("b", 100))
        session.link.send(publishOf("end", 0))
    }),
}

/** What each client identifier sent, in order. */
export type Received = Record<string, Packet[]>

/** Serves one link; `received` is where its packets are noted. */
export function serve(link: Link, clock: Clock, received: Received): void {
    const session: Session = { link, clock, received: [] }
    const reader = parser()
    let part: Part | undefined
    reader.on("packet", packet => {
        session.received.push(packet)
        if (packet.cmd === "connect") {
            part = PARTS[packet.clientId]
            received[packet.clientId] = session.received
        }
        part?.(packet, session)
    })
    link.listen({ data: bytes => void reader.parse(Buffer.from(bytes)), closed: () => {} })
}
