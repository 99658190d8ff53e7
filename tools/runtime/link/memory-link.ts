import type { Clock } from "../clock.js"
import type { Link, LinkHandler } from "./link.js"

type LinkEvent = Uint8Array | "end" | "reset"

/** How one direction carries: in how many ms so many bytes arrive; undefined when they never do. */
export type DelayModel = (bytes: number) => number | undefined

class MemoryLink implements Link {
    pendingBytes = 0
    private other!: MemoryLink
    private handler: LinkHandler | undefined
    private inbox: LinkEvent[] = []
    private paused = false
    private state: "open" | "closing" | "closed" = "open"
    private draining = false
    /** When what was sent last arrives: nothing overtakes it. */
    private arrivesAtMs = 0

    constructor(
        private readonly clock: Clock,
        readonly peer: string,
        private readonly carry: DelayModel
    ) {}

    static pair(clock: Clock, name: string, there: DelayModel, back: DelayModel): [Link, Link] {
        const a = new MemoryLink(clock, name, there)
        const b = new MemoryLink(clock, name, back)
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

    private post(event: LinkEvent): void {
        const takesMs = this.carry(typeof event === "string" ? 0 : event.length)
        if (takesMs === undefined) return
        const nowMs = this.clock.nowMs()
        this.arrivesAtMs = Math.max(this.arrivesAtMs, nowMs + takesMs)
        this.clock.after(this.arrivesAtMs - nowMs, () => {
            if (typeof event !== "string") this.pendingBytes -= event.length
            this.other.inbox.push(event)
            this.other.drain()
        })
    }

    private drain(): void {
        if (this.draining) return
        this.draining = true
        while (this.handler && !this.paused && this.inbox.length > 0) {
            const event = this.inbox.shift() as LinkEvent
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

/**
 * Two ends of a stream in memory.
 * @param carriage how it carries from the first to the second, and back; a number is a latency in ms, both ways
 */
export function linkPair(
    clock: Clock,
    name = "memory",
    carriage: number | { there: DelayModel; back: DelayModel } = 0
): [Link, Link] {
    const { there, back } =
        typeof carriage === "number" ? { there: () => carriage, back: () => carriage } : carriage
    return MemoryLink.pair(clock, name, there, back)
}
