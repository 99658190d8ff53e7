// Links: ordered byte streams over sockets, WebSockets or memory.

/** Receives the events of one end of a {@link Link}. */
export interface LinkHandler {
    data(bytes: Uint8Array): void
    /** Called once, after the last data. `error` is set when the connection broke, and not when the peer ended it. */
    closed(error?: Error): void
}

/** One end of an ordered byte stream: a TCP or TLS socket, a WebSocket, or one end of {@link linkPair}. */
export interface Link {
    /** Address of the peer for logs, for example `127.0.0.1:50412` or `memory:3`. */
    readonly peer: string
    /** Number of bytes that send() accepted and that are still in the buffer. */
    readonly pendingBytes: number
    /** Sets the handler. Must be called once; data that arrives before the call is kept. */
    listen(handler: LinkHandler): void
    /** Queues bytes for the peer. Does nothing after close(). */
    send(bytes: Uint8Array): void
    /** Ends the stream after all queued bytes. */
    close(): void
    /** Breaks the stream immediately, as a TCP reset does. */
    abort(): void
    /** Stops the delivery of incoming data until resume(). */
    pause(): void
    resume(): void
}
