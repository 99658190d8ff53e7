import type { Link } from "@moorage/runtime"

/** What one TLS 1.2 record takes beside its content: header, explicit nonce, tag of AES-GCM. */
export const TLS_RECORD_BYTES = 29

/**
 * What came in on a connection and was not read yet: the TCP receive buffer. The
 * peer is held back while it holds `windowBytes` or more. Over TLS each piece is a record: it takes more
 * room than its content, and is read by itself; over TCP a read takes all that is there.
 */
export class ReceiveBuffer {
    /** How the stream ended; what came before it may still wait here. */
    ended: { error?: Error } | undefined
    private pieces: Uint8Array[] = []
    private waitingBytes = 0
    private holding = false
    private discarding = false

    /** @param changed called for data and for the end, unless discard() was called */
    constructor(
        private readonly link: Link,
        private readonly windowBytes: number,
        private readonly tls: boolean,
        private readonly changed: () => void,
        closed: () => void
    ) {
        link.pause()
        link.listen({
            data: bytes => this.add(bytes),
            closed: error => {
                this.ended = { error }
                closed()
                if (!this.discarding) this.changed()
            },
        })
        link.resume()
    }

    /** Whether a reader would find anything: data, or the end. */
    get hasPending(): boolean {
        return this.waitingBytes > 0 || this.ended !== undefined
    }

    get isEmpty(): boolean {
        return this.waitingBytes === 0
    }

    /** What one read gives, of at most `limit` bytes. */
    take(limit: number): Uint8Array | undefined {
        const parts: Uint8Array[] = []
        let left = limit
        while (left > 0 && this.pieces.length > 0 && !(this.tls && parts.length > 0)) {
            const part = this.takePart(left)
            parts.push(part)
            left -= part.length
        }
        return parts.length > 1 ? Buffer.concat(parts) : parts[0]
    }

    /** The first piece, or its first `limit` bytes. */
    private takePart(limit: number): Uint8Array {
        const first = this.pieces[0] as Uint8Array
        const part = first.subarray(0, limit)
        const whole = part.length === first.length
        if (whole) this.pieces.shift()
        else this.pieces[0] = first.subarray(limit)
        this.waitingBytes -= part.length + (whole ? this.overheadBytes : 0)
        return part
    }

    /** Room that a piece takes beside its content. */
    get overheadBytes(): number {
        return this.tls ? TLS_RECORD_BYTES : 0
    }

    /** After reading: lets the peer go on when there is room again. */
    resumeIfDrained(): void {
        if (!this.holding || this.waitingBytes >= this.windowBytes) return
        this.holding = false
        this.link.resume()
    }

    /** Throws away what is here and what still comes, so that the peer's end of stream is seen. */
    discard(): void {
        this.discarding = true
        this.pieces = []
        this.waitingBytes = 0
        this.link.resume()
    }

    private add(bytes: Uint8Array): void {
        if (this.discarding) return
        this.pieces.push(bytes)
        this.waitingBytes += bytes.length + this.overheadBytes
        this.holding = this.waitingBytes >= this.windowBytes
        if (this.holding) this.link.pause()
        this.changed()
    }
}
