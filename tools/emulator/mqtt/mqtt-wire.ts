import type { Clock, Link, Timer } from "@moorage/runtime"
import mqtt from "mqtt-packet"

/** The largest packet that IoT Hub accepts: 256 KB of telemetry and its header. */
const PACKET_MAX_BYTES = 256 * 1024 + 1024
/** A client must send CONNECT within a reasonable time [MQTT-3.1.4]. */
const CONNECT_TIMEOUT_MS = 30_000
/** The server waits one and a half times the keep alive [MQTT-3.1.2-24]. */
const KEEP_ALIVE_FACTOR = 1.5

/** The maximum of unsent bytes. The connection of a client that does not read is reset. */
const PENDING_MAX_BYTES = 1024 * 1024

export interface MqttWireHandler {
    onPacket(packet: mqtt.Packet): void
    /** Called once when the connection has ended, for any reason. */
    onClosed(why: string): void
}

/** Sends and receives MQTT packets over a link, and closes the link on a timeout. */
export class MqttWire {
    private readonly parser = mqtt.parser({ protocolVersion: 4 })
    private handler: MqttWireHandler | undefined
    /** Resets the connection if CONNECT, or later any packet, does not come in time. */
    private silenceTimer: Timer | undefined
    private keepAliveMs = 0
    private unparsedBytes = 0
    /** The number of bytes after which an injected fault closes the connection. */
    private sendBudgetBytes = Infinity

    constructor(
        private readonly link: Link,
        private readonly clock: Clock,
        handler: MqttWireHandler
    ) {
        this.handler = handler
        this.silenceTimer = clock.after(CONNECT_TIMEOUT_MS, () => this.abort("no CONNECT"))
        this.parser.on("packet", packet => this.onPacket(packet))
        this.parser.on("error", (error: Error) => this.abort(`malformed packet: ${error.message}`))
        link.listen({ data: bytes => this.onData(bytes), closed: error => this.end(error?.message) })
    }

    get isOpen(): boolean {
        return this.handler !== undefined
    }

    /**
     * Starts the keep-alive timer. 0 turns it off [MQTT-3.1.2-24].
     * @param sec the keep alive that the client requests
     * @param silenceMaxSec the longest permitted silence, whatever the client requests
     */
    startKeepAlive(sec: number, silenceMaxSec: number): void {
        this.keepAliveMs = Math.min(sec * KEEP_ALIVE_FACTOR, silenceMaxSec) * 1000
        this.restartSilenceTimer()
    }

    /** Sends a packet, or nothing if the connection has ended. */
    send(packet: mqtt.Packet): void {
        if (!this.handler) return
        const bytes = mqtt.generate(packet)
        if (bytes.length < this.sendBudgetBytes) {
            this.sendBudgetBytes -= bytes.length
            this.link.send(bytes)
            if (this.link.pendingBytes > PENDING_MAX_BYTES) this.abort("client does not read")
            return
        }
        this.link.send(bytes.subarray(0, this.sendBudgetBytes))
        this.link.close()
        this.end("injected fault")
    }

    /** Closes the connection after `bytes` further bytes to the client, even in the middle of a packet. */
    truncateAfter(bytes: number): void {
        this.sendBudgetBytes = bytes
    }

    /** Closes the connection after the sent packets. */
    close(why: string): void {
        if (!this.handler) return
        this.link.close()
        this.end(why)
    }

    /** Resets the connection. */
    abort(why: string): void {
        if (!this.handler) return
        this.link.abort()
        this.end(why)
    }

    private onData(bytes: Uint8Array): void {
        if (!this.handler) return
        this.unparsedBytes += bytes.length
        this.parser.parse(Buffer.from(bytes))
        if (this.unparsedBytes > PACKET_MAX_BYTES) this.abort("packet too large")
    }

    private onPacket(packet: mqtt.Packet): void {
        this.unparsedBytes = 0
        if ((packet.length ?? 0) > PACKET_MAX_BYTES) this.abort("packet too large")
        if (!this.handler) return
        this.restartSilenceTimer()
        this.handler.onPacket(packet)
    }

    /** Restarts the silence timer after a packet. After CONNECT there is no timer until CONNACK. */
    private restartSilenceTimer(): void {
        this.silenceTimer?.cancel()
        this.silenceTimer = this.keepAliveMs
            ? this.clock.after(this.keepAliveMs, () => this.abort("keep alive expired"))
            : undefined
    }

    /** Stops all activity and calls the handler's onClosed() once. */
    private end(why = "closed by the client"): void {
        const handler = this.handler
        this.handler = undefined
        this.silenceTimer?.cancel()
        handler?.onClosed(why)
    }
}
