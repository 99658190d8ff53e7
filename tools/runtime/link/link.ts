/** What the owner of one end of a {@link Link} is told. */
export interface LinkHandler {
    data(bytes: Uint8Array): void
    /** Called once, after the last data; `error` when the link broke instead of ending. */
    closed(error?: Error): void
}

/** One end of an ordered byte stream: a TCP or TLS socket, or one half of {@link linkPair}. */
export interface Link {
    /** Where the peer is, for logs: `127.0.0.1:50412`, `memory:3`. */
    readonly peer: string
    /** Bytes accepted by send() that have not left yet. */
    readonly pendingBytes: number
    /** Must be called once, at once; what arrives before is kept. */
    listen(handler: LinkHandler): void
    /** Queues bytes for the peer; ignored after close. */
    send(bytes: Uint8Array): void
    /** Ends the stream after what was sent. */
    close(): void
    /** Breaks the stream at once, as a reset does. */
    abort(): void
    /** Holds incoming data back until resume(). */
    pause(): void
    resume(): void
}
