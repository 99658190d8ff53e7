import type { Link } from "@moorage/runtime"
import type { Clock, Timer } from "@moorage/runtime"
import mqtt from "mqtt-packet"

/** The largest packet that IoT Hub takes: 256 KB of telemetry, and its header. */
const PACKET_MAX_BYTES = 256 * 1024 + 1024
/** A peer that does not send CONNECT within a reasonable time is not a client [MQTT-3.1.4]. */
const CONNECT_LIMIT_MS = 30_000
/** The server waits one and a half keep alives [MQTT-3.1.2-24]. */
const KEEP_ALIVE_FACTOR = 1.5

/** What may wait for a client that does not read; the connection is broken beyond it. */
const PENDING_MAX_BYTES = 1024 * 1024

export interface MqttWireHandler {
    onPacket(packet: mqtt.Packet): void
    /** Called once when the connection is gone, for whatever reason. */
    onClosed(why: string): void
}

/** An MQTT connection: packets instead of bytes, and the clocks that end it. */
export class MqttWire {
    private readonly parser = mqtt.parser({ protocolVersion: 4 })
    private handler: MqttWireHandler | undefined
    /** Ends the connection unless CONNECT, then any packet, comes in time. */
    private silenceTimer: Timer | undefined
    private keepAliveMs = 0
    private unparsedBytes = 0
    /** How much may still be sent. */
    private sendBudgetBytes = Infinity

    constructor(
        private readonly link: Link,
        private readonly clock: Clock,
        handler: MqttWireHandler
    ) {
        this.handler = handler
        this.silenceTimer = clock.after(CONNECT_LIMIT_MS, () => this.abort("no CONNECT"))
        this.parser.on("packet", packet => this.onPacket(packet))
        this.parser.on("error", (error: Error) => this.abort(`malformed packet: ${error.message}`))
        link.listen({ data: bytes => this.onData(bytes), closed: error => this.onLinkClosed(error?.message) })
    }

    get isOpen(): boolean {
        return this.handler !== undefined
    }

    /**
     * Starts the keep-alive clock; 0 turns it off [MQTT-3.1.2-24].
     * @param silenceMaxSec how long a client may be silent at most, whatever it asked for
     */
    startKeepAlive(sec: number, silenceMaxSec: number): void {
        this.keepAliveMs = Math.min(sec * KEEP_ALIVE_FACTOR, silenceMaxSec) * 1000
        this.restartSilenceTimer()
    }

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
        this.onLinkClosed("injected fault")
    }

    /** Ends the connection once so many bytes more were sent, in the middle of a packet if need be. */
    truncateAfter(bytes: number): void {
        this.sendBudgetBytes = bytes
    }

    /** Ends the connection after what was sent. */
    close(why: string): void {
        if (!this.handler) return
        this.link.close()
        this.onLinkClosed(why)
    }

    /** Breaks the connection. */
    abort(why: string): void {
        if (!this.handler) return
        this.link.abort()
        this.onLinkClosed(why)
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

    /** A packet came: it is CONNECT, whose answer may take any time, or keeps the session alive. */
    private restartSilenceTimer(): void {
        this.silenceTimer?.cancel()
        this.silenceTimer = this.keepAliveMs
            ? this.clock.after(this.keepAliveMs, () => this.abort("keep alive expired"))
            : undefined
    }

    private onLinkClosed(why = "closed by the client"): void {
        const handler = this.handler
        this.handler = undefined
        this.silenceTimer?.cancel()
        handler?.onClosed(why)
    }
}
