import type { Clock } from "@moorage/time"
import type { Link, LinkHandler } from "./link.js"

type Event = Uint8Array | "end" | "reset"

class MemoryLink implements Link {
    pendingBytes = 0
    private other!: MemoryLink
    private handler: LinkHandler | undefined
    private inbox: Event[] = []
    private paused = false
    private state: "open" | "closing" | "closed" = "open"
    private draining = false

    constructor(
        private readonly clock: Clock,
        readonly peer: string,
        private readonly latencyMs: number
    ) {}

    static pair(clock: Clock, name: string, latencyMs: number): [Link, Link] {
        const a = new MemoryLink(clock, name, latencyMs)
        const b = new MemoryLink(clock, name, latencyMs)
        a.other = b
        b.other = a
        return [a, b]
    }

    listen(handler: LinkHandler): void {
        this.handler = handler
        this.drain()
    }

    send(bytes: Uint8Array): void {
        if (this.state !== "open" || bytes.length === 0) return
        this.pendingBytes += bytes.length
        this.post(Uint8Array.from(bytes))
    }

    close(): void {
        if (this.state !== "open") return
        this.state = "closing"
        this.post("end")
    }

    abort(): void {
        if (this.state === "closed") return
        this.state = "closed"
        this.post("reset")
    }

    pause(): void {
        this.paused = true
    }

    resume(): void {
        this.paused = false
        this.drain()
    }

    private post(event: Event): void {
        this.clock.after(this.latencyMs, () => {
            if (typeof event !== "string") this.pendingBytes -= event.length
            this.other.inbox.push(event)
            this.other.drain()
        })
    }

    private drain(): void {
        if (this.draining) return
        this.draining = true
        while (this.handler && !this.paused && this.inbox.length > 0) {
            const event = this.inbox.shift() as Event
            if (typeof event !== "string") {
                if (this.state === "open") this.handler.data(event)
                continue
            }
            const handler = this.handler
            this.handler = undefined
            this.inbox = []
            if (event === "end" && this.state === "open") this.post("end")
            this.state = "closed"
            handler.closed(event === "reset" ? new Error("connection reset") : undefined)
        }
        this.draining = false
    }
}

/** Two ends of a stream in memory; what one sends the other gets `latencyMs` later. */
export function linkPair(clock: Clock, name = "memory", latencyMs = 0): [Link, Link] {
    return MemoryLink.pair(clock, name, latencyMs)
}
