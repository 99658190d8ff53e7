import type { Link } from "@moorage/link"

/**
 * What came in on a connection and was not read yet: the TCP receive buffer. The
 * peer is held back while it holds `windowBytes` or more.
 */
export class Inbox {
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
    get hasNews(): boolean {
        return this.waitingBytes > 0 || this.ended !== undefined
    }

    get isEmpty(): boolean {
        return this.waitingBytes === 0
    }

    /** The next piece, of at most `limit` bytes. */
    take(limit: number): Uint8Array | undefined {
        const first = this.pieces[0]
        if (!first) return undefined
        const piece = first.subarray(0, limit)
        if (piece.length === first.length) this.pieces.shift()
        else this.pieces[0] = first.subarray(limit)
        this.waitingBytes -= piece.length
        return piece
    }

    /** After reading: lets the peer go on when there is room again. */
    makeRoom(): void {
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
        this.waitingBytes += bytes.length
        this.holding = this.waitingBytes >= this.windowBytes
        if (this.holding) this.link.pause()
        this.changed()
    }
}
