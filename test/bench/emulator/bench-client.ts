// A simple MQTT client for the benchmarks of the emulator.
import type { Socket } from "node:net"
import mqtt, { type IPublishPacket, type Packet } from "mqtt-packet"

/** An MQTT client that waits for packets one by one. The measured loops do not use it. */
export class BenchClient {
    private readonly parser = mqtt.parser()
    private readonly packets: Packet[] = []
    private wake: (() => void) | undefined

    constructor(readonly socket: Socket) {
        this.parser.on("packet", packet => {
            this.packets.push(packet)
            this.wake?.()
        })
        socket.on("data", bytes => this.parser.parse(bytes as Buffer))
        socket.on("error", () => undefined)
        socket.on("close", () => this.wake?.())
    }

    /** Sends a packet. */
    send(packet: Packet): void {
        this.socket.write(mqtt.generate(packet))
    }

    /** Returns the next packet of this type and skips others. @throws Error when the connection closes */
    async next(cmd: Packet["cmd"]): Promise<Packet> {
        for (;;) {
            const packet = this.packets.shift()
            if (packet?.cmd === cmd) return packet
            if (packet) continue
            if (this.socket.destroyed) throw new Error(`The connection was closed before ${cmd} arrived.`)
            await new Promise<void>(resolve => (this.wake = resolve))
        }
    }

    /** Connects. @throws Error when CONNACK is not 0 */
    async connect(
        clientId: string,
        { username, password }: { username: string; password: string }
    ): Promise<void> {
        this.send({
            cmd: "connect",
            clientId,
            username,
            password: Buffer.from(password),
            clean: true,
            keepalive: 0,
        } as Packet)
        const connack = (await this.next("connack")) as { returnCode?: number } & Packet
        if (connack.returnCode !== 0) throw new Error(`CONNACK ${connack.returnCode}`)
    }

    /** Subscribes to a topic filter with QoS 1 and waits for SUBACK. */
    async subscribe(topic: string): Promise<void> {
        this.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 1 }] } as Packet)
        await this.next("suback")
    }

    /** Publishes with QoS 1, then waits for a message on the subscription and acknowledges it. */
    async request(topic: string, payload: string, messageId: number): Promise<IPublishPacket> {
        this.send({ cmd: "publish", topic, payload, qos: 1, dup: false, retain: false, messageId })
        const answer = (await this.next("publish")) as IPublishPacket
        this.send({ cmd: "puback", messageId: answer.messageId })
        return answer
    }

    /** Closes the connection. */
    end(): void {
        this.send({ cmd: "disconnect" })
        this.socket.end()
    }
}
