import type { Link } from "@moorage/runtime"

/** Size of a TLS 1.2 record without its content: header, explicit nonce and tag of AES-GCM. */
const TLS_RECORD_BYTES = 29

export interface ReceiveBufferOptions {
    /** Number of bytes from which the peer is paused. */
    windowBytes: number
    /** Whether each piece is a TLS record. */
    isTls: boolean
    /** Called for data and for the end of the stream, unless discard() was called. */
    onChange: () => void
    /** Called for the end of the stream. */
    onClosed: () => void
}

/**
 * The TCP receive buffer of a connection. The peer is paused while the buffer holds `windowBytes` or more. Over TLS each
 * piece is a record, which needs more space than its content, and one read returns one record. Over TCP one read returns
 * everything.
 */
export class ReceiveBuffer {
    /** Set when the stream ended. Data from before the end may still be in the buffer. */
    ended: { error?: Error } | undefined
    private pieces: Uint8Array[] = []
    private storedBytes = 0
    private isPeerPaused = false
    private isDiscarding = false

    constructor(
        private readonly link: Link,
        private readonly options: ReceiveBufferOptions
    ) {
        link.pause()
        link.listen({
            data: bytes => this.add(bytes),
            closed: error => {
                this.ended = { error }
                options.onClosed()
                if (!this.isDiscarding) options.onChange()
            },
        })
        link.resume()
    }

    /** Whether a reader has something to process: data or the end of the stream. */
    get hasPending(): boolean {
        return this.storedBytes > 0 || this.ended !== undefined
    }

    get isEmpty(): boolean {
        return this.storedBytes === 0
    }

    /** Removes and returns the data of one read of at most `limit` bytes, or undefined when the buffer is empty. */
    take(limit: number): Uint8Array | undefined {
        const parts: Uint8Array[] = []
        let left = limit
        while (left > 0 && this.pieces.length > 0 && !(this.options.isTls && parts.length > 0)) {
            const part = this.takePart(left)
            parts.push(part)
            left -= part.length
        }
        return parts.length > 1 ? Buffer.concat(parts) : parts[0]
    }

    /** Removes and returns the first piece, or its first `limit` bytes. */
    private takePart(limit: number): Uint8Array {
        const first = this.pieces[0] as Uint8Array
        const part = first.subarray(0, limit)
        const isWhole = part.length === first.length
        if (isWhole) this.pieces.shift()
        else this.pieces[0] = first.subarray(limit)
        this.storedBytes -= part.length + (isWhole ? this.overheadBytes : 0)
        return part
    }

    /** Space that a piece needs in addition to its content. */
    get overheadBytes(): number {
        return this.options.isTls ? TLS_RECORD_BYTES : 0
    }

    /** Resumes the peer when the buffer has space again. Call it after reading. */
    resumeIfDrained(): void {
        if (!this.isPeerPaused || this.storedBytes >= this.options.windowBytes) return
        this.isPeerPaused = false
        this.link.resume()
    }

    /** Drops all data, later data too, so that the end of the stream arrives. */
    discard(): void {
        this.isDiscarding = true
        this.pieces = []
        this.storedBytes = 0
        this.link.resume()
    }

    private add(bytes: Uint8Array): void {
        if (this.isDiscarding) return
        this.pieces.push(bytes)
        this.storedBytes += bytes.length + this.overheadBytes
        this.isPeerPaused = this.storedBytes >= this.options.windowBytes
        if (this.isPeerPaused) this.link.pause()
        this.options.onChange()
    }
}
