// An MQTT client on a link in memory. It sends any packet, also packets that no SDK sends.
import { acceptMqtt, Cloud, type CloudOptions } from "../../tools/emulator/index.js"
import { deriveDeviceKey, makeSasToken } from "@moorage/protocol"
import { type Link, linkPair, ManualClock, seededRandom } from "@moorage/runtime"
import mqtt, { type IConnectPacket, type IPublishPacket, type Packet } from "mqtt-packet"

export const SCOPE = "0ne00TEST01"
export const GROUP_KEY = Buffer.alloc(64, 5).toString("base64")
export const HUB = "one.azure-devices.net"

/** Returns a cloud with two hubs and one enrollment group, on a manual clock. */
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

export type CloudWorld = ReturnType<typeof newCloud>

export class RawClient {
    readonly packets: Packet[] = []
    closed = false
    private readonly link: Link
    private readonly parser = mqtt.parser()
    private lastId = 0

    constructor(
        { cloud, clock }: CloudWorld,
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

    /** Sends CONNECT. Returns the CONNACK, or undefined if none came. */
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

    /** Removes and returns the first received packet of this kind. */
    take(cmd: Packet["cmd"]): Packet | undefined {
        const at = this.packets.findIndex(packet => packet.cmd === cmd)
        return at < 0 ? undefined : this.packets.splice(at, 1)[0]
    }

    /** Removes and returns the next received message. */
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

export const inOneHourSec = ({ clock }: CloudWorld) => Math.floor(clock.nowMs() / 1000) + 3600

/** Returns the fields of CONNECT of a DPS client. */
export function dpsConnect(
    world: CloudWorld,
    id: string,
    key = deriveDeviceKey(GROUP_KEY, id)
): Partial<IConnectPacket> {
    const resource = `${SCOPE}/registrations/${id}`
    return {
        clientId: id,
        username: `${resource}/api-version=2019-03-31`,
        password: Buffer.from(makeSasToken(key, resource, inOneHourSec(world), "registration")),
    }
}

/** Returns a DPS client that is connected and subscribed. */
export function dpsClient(world: CloudWorld, id: string, qos: 0 | 1 | 2 = 1): RawClient {
    const client = new RawClient(world)
    client.connect(dpsConnect(world, id))
    client.subscribe("$dps/registrations/res/#", qos)
    return client
}

/** Returns the fields of CONNECT of a hub client. */
export function hubConnect(
    world: CloudWorld,
    id: string,
    key: string,
    expirySec = inOneHourSec(world)
): Partial<IConnectPacket> {
    return {
        clientId: id,
        username: `${HUB}/${id}/?api-version=2021-04-12`,
        password: Buffer.from(makeSasToken(key, `${HUB}/devices/${id}`, expirySec)),
    }
}

export const DEVICE_KEY = Buffer.alloc(32, 6).toString("base64")

/** Creates a device on the hub and connects it. */
export function hubClient(world: CloudWorld, id: string, fields: Partial<IConnectPacket> = {}): RawClient {
    world.cloud.hub(HUB).putDevice(id, [DEVICE_KEY])
    const client = new RawClient(world)
    client.connect({ ...hubConnect(world, id, DEVICE_KEY), ...fields })
    return client
}
