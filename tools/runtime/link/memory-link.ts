import type { Clock } from "../clock.js"
import type { Link, LinkHandler } from "./link.js"

type LinkEvent = Uint8Array | "end" | "reset"

/** Returns after how many ms a piece of `bytes` bytes arrives, or undefined when it never arrives. */
export type DelayModel = (bytes: number) => number | undefined

class MemoryLink implements Link {
    pendingBytes = 0
    private other!: MemoryLink
    private handler: LinkHandler | undefined
    private inbox: LinkEvent[] = []
    private isPaused = false
    private state: "open" | "closing" | "closed" = "open"
    private isDraining = false
    /** Time at which the last sent piece arrives. A later piece does not overtake it. */
    private lastArrivalMs = 0

    constructor(
        private readonly clock: Clock,
        readonly peer: string,
        private readonly delayMs: DelayModel
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
        this.isPaused = true
    }

    resume(): void {
        this.isPaused = false
        this.drain()
    }

    private post(event: LinkEvent): void {
        const delayMs = this.delayMs(typeof event === "string" ? 0 : event.length)
        if (delayMs === undefined) return
        const nowMs = this.clock.nowMs()
        this.lastArrivalMs = Math.max(this.lastArrivalMs, nowMs + delayMs)
        this.clock.after(this.lastArrivalMs - nowMs, () => {
            if (typeof event !== "string") this.pendingBytes -= event.length
            this.other.inbox.push(event)
            this.other.drain()
        })
    }

    private drain(): void {
        if (this.isDraining) return
        this.isDraining = true
        while (this.handler && !this.isPaused && this.inbox.length > 0) {
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
        this.isDraining = false
    }
}

/**
 * Returns the two ends of a stream in memory.
 * @param delay delays from the first end to the second (`there`) and back; a number is the latency in ms of both
 */
export function linkPair(
    clock: Clock,
    name = "memory",
    delay: number | { there: DelayModel; back: DelayModel } = 0
): [Link, Link] {
    const { there, back } = typeof delay === "number" ? { there: () => delay, back: () => delay } : delay
    return MemoryLink.pair(clock, name, there, back)
}
