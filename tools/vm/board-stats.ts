/** What a board did: over its life, and since the last boot. Counts only ever grow. */
export interface Counters {
    /** Times the program was started, by a boot or by the runtime after a panic. */
    programStarts: number
    /** Panics of the program (OOM, uncaught exception ...) and aborts of the runtime. */
    panics: number
    /** Restarts of the program that it asked for itself (ds.restart). */
    restarts: number
    /** connect() calls that reached the network. */
    socketsOpened: number
    /** TLS handshakes that succeeded. */
    tlsHandshakes: number
    /** Socket errors of any kind, as the program was told them. */
    socketErrors: number
    /** What the program sent and received through its socket; TLS framing is not in it. */
    bytesSent: number
    bytesReceived: number
    /** Writes to flash that changed something, and the pages they changed. */
    flashWrites: number
    flashPages: number
    /** The fullest the GC heap was seen at the end of a wake: see heap.ts. */
    heapPeakBytes: number
    /** Times the main loop ran. */
    wakes: number
}

/** {@link Counters} over the board's life, with those of the current (or last) boot beside. */
export interface BoardStats extends Counters {
    powerOns: number
    /** Starts of the chip, by power or by reset. */
    boots: number
    /** Resets: by the program, by an abort of the runtime, or from outside. */
    resets: number
    panicCodes: (number | "abort")[]
    boot: Counters
}

const zero = (): Counters => ({
    programStarts: 0,
    panics: 0,
    restarts: 0,
    socketsOpened: 0,
    tlsHandshakes: 0,
    socketErrors: 0,
    bytesSent: 0,
    bytesReceived: 0,
    flashWrites: 0,
    flashPages: 0,
    heapPeakBytes: 0,
    wakes: 0,
})

export function newStats(): BoardStats {
    return { ...zero(), powerOns: 0, boots: 0, resets: 0, panicCodes: [], boot: zero() }
}

/** A boot begins: its own counters start over (a new object; who holds the old one keeps it). */
export function beginBoot(stats: BoardStats): void {
    stats.boots++
    stats.boot = zero()
}

export function count(stats: BoardStats, what: keyof Counters, by = 1): void {
    stats[what] += by
    stats.boot[what] += by
}

export function noteHeap(stats: BoardStats, bytes: number): void {
    stats.heapPeakBytes = Math.max(stats.heapPeakBytes, bytes)
    stats.boot.heapPeakBytes = Math.max(stats.boot.heapPeakBytes, bytes)
}
