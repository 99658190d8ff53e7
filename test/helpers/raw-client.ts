// A raw MQTT client on a Link in memory: it says what a test wants, also what no SDK would.
import { acceptMqtt, Cloud, type CloudOptions } from "../../tools/emulator/index.js"
import { deriveDeviceKey, makeSas } from "@moorage/protocol"
import { type Link, linkPair } from "@moorage/runtime"
import { ManualClock, seededRandom } from "@moorage/runtime"
import mqtt, { type IConnectPacket, type IPublishPacket, type Packet } from "mqtt-packet"

export const SCOPE = "0ne00TEST01"
export const GROUP_KEY = Buffer.alloc(64, 5).toString("base64")
export const HUB = "one.azure-devices.net"

/** A cloud with two hubs and one group, on a clock that tests move. */
export function newCloud(options: Partial<CloudOptions> = {}) {
    const clock = new ManualClock()
    const cloud = new Cloud({
        clock,
        random: seededRandom(4),
        idScope: SCOPE,
        hubs: [{ hostName: HUB }, { hostName: "two.azure-devices.net" }],
        enrollmentGroups: [{ enrollmentGroupId: "g", primaryKey: GROUP_KEY }],
        ...options,
    })
    return { clock, cloud }
}

export type World = ReturnType<typeof newCloud>

export class RawClient {
    readonly packets: Packet[] = []
    closed = false
    private readonly link: Link
    private readonly parser = mqtt.parser()
    private lastId = 0

    constructor(
        { cloud, clock }: World,
        private readonly settle = () => clock.advance(0)
    ) {
        const [mine, theirs] = linkPair(clock)
        this.link = mine
        this.parser.on("packet", packet => this.packets.push(packet))
        mine.listen({
            data: bytes => void this.parser.parse(Buffer.from(bytes)),
            closed: () => {
                this.closed = true
            },
        })
        acceptMqtt(cloud, theirs)
    }

    sendBytes(bytes: Uint8Array): void {
        this.link.send(bytes)
        this.settle()
    }

    send(packet: Packet): void {
        this.sendBytes(mqtt.generate(packet))
    }

    /** Sends CONNECT; returns the CONNACK, or undefined when there was none. */
    connect(fields: Partial<IConnectPacket>): { returnCode?: number; sessionPresent?: boolean } | undefined {
        const clientId = fields.clientId ?? ""
        this.send({
            cmd: "connect",
            protocolId: "MQTT",
            protocolVersion: 4,
            clean: true,
            keepalive: 60,
            ...fields,
            clientId,
        })
        return this.take("connack") as { returnCode?: number; sessionPresent?: boolean } | undefined
    }

    subscribe(topic: string, qos: 0 | 1 | 2 = 1): number | undefined {
        this.send({ cmd: "subscribe", messageId: ++this.lastId, subscriptions: [{ topic, qos }] } as Packet)
        return (this.take("suback") as { granted: number[] } | undefined)?.granted[0]
    }

    publish(topic: string, payload: string, qos: 0 | 1 | 2 = 1): void {
        const messageId = qos ? ++this.lastId : undefined
        this.send({ cmd: "publish", topic, payload, qos, dup: false, retain: false, messageId })
    }

    /** Takes the first packet of that kind out of what has arrived. */
    take(cmd: Packet["cmd"]): Packet | undefined {
        const at = this.packets.findIndex(packet => packet.cmd === cmd)
        return at < 0 ? undefined : this.packets.splice(at, 1)[0]
    }

    /** The next message: topic and body. */
    message(): { topic: string; body: string; qos: number; messageId?: number } | undefined {
        const packet = this.take("publish") as IPublishPacket | undefined
        return (
            packet && {
                topic: packet.topic,
                body: packet.payload.toString(),
                qos: packet.qos,
                messageId: packet.messageId,
            }
        )
    }

    end(): void {
        this.link.abort()
        this.settle()
    }
}

export const inAnHour = ({ clock }: World) => Math.floor(clock.nowMs() / 1000) + 3600

/** CONNECT fields of a DPS client. */
export function dpsConnect(
    world: World,
    id: string,
    key = deriveDeviceKey(GROUP_KEY, id)
): Partial<IConnectPacket> {
    const resource = `${SCOPE}/registrations/${id}`
    return {
        clientId: id,
        username: `${resource}/api-version=2019-03-31`,
        password: Buffer.from(makeSas(key, resource, inAnHour(world), "registration")),
    }
}

/** A DPS client that is connected and subscribed. */
export function dpsClient(world: World, id: string, qos: 0 | 1 | 2 = 1): RawClient {
    const client = new RawClient(world)
    client.connect(dpsConnect(world, id))
    client.subscribe("$dps/registrations/res/#", qos)
    return client
}

/** CONNECT fields of a hub client. */
export function hubConnect(
    world: World,
    id: string,
    key: string,
    expirySec = inAnHour(world)
): Partial<IConnectPacket> {
    return {
        clientId: id,
        username: `${HUB}/${id}/?api-version=2021-04-12`,
        password: Buffer.from(makeSas(key, `${HUB}/devices/${id}`, expirySec)),
    }
}

export const DEVICE_KEY = Buffer.alloc(32, 6).toString("base64")

/** A device that is in the hub's registry and connected. */
export function hubClient(world: World, id: string, fields: Partial<IConnectPacket> = {}): RawClient {
    world.cloud.hub(HUB).putDevice(id, [DEVICE_KEY])
    const client = new RawClient(world)
    client.connect({ ...hubConnect(world, id, DEVICE_KEY), ...fields })
    return client
}
