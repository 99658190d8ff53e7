/** Counters of one board. They never decrease. */
export interface Counters {
    /** Starts of the program, by a boot or by the runtime after a panic. */
    programStarts: number
    /** Panics of the program (out of memory, uncaught exception, ...) and aborts of the runtime. */
    panics: number
    /** Restarts that the program requested (ds.restart). */
    restarts: number
    /** Calls of connect() that reached the network. */
    socketsOpened: number
    /** TLS handshakes that succeeded. */
    tlsHandshakes: number
    /** Socket errors of any kind that the program received. */
    socketErrors: number
    /** Bytes that the program sent through its socket, without TLS framing. */
    bytesSent: number
    /** Bytes that the program received through its socket, without TLS framing. */
    bytesReceived: number
    /** Writes to flash that changed at least one page. */
    flashWrites: number
    /** Flash pages that these writes changed. */
    flashPages: number
    /** Largest use of the GC heap at the end of a wake (see {@link HeapGauge}). */
    heapPeakBytes: number
    /** Turns of the main loop. */
    wakes: number
}

/** Counters over the life of a board, and in `boot` since the last boot. */
export interface BoardStats extends Counters {
    powerOns: number
    /** Starts of the chip, by power-on or by reset. */
    boots: number
    /** Resets by the program, by an abort of the runtime, or by the reset button. */
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

/** Returns statistics in which every counter is zero. */
export function newStats(): BoardStats {
    return { ...zero(), powerOns: 0, boots: 0, resets: 0, panicCodes: [], boot: zero() }
}

/** Counts a boot and replaces `stats.boot` by a new object with zeros. */
export function beginBoot(stats: BoardStats): void {
    stats.boots++
    stats.boot = zero()
}

/** Increases a counter, over the life of the board and for the current boot. */
export function count(stats: BoardStats, counter: keyof Counters, by = 1): void {
    stats[counter] += by
    stats.boot[counter] += by
}

/** Updates the largest heap use. */
export function recordHeapUse(stats: BoardStats, bytes: number): void {
    stats.heapPeakBytes = Math.max(stats.heapPeakBytes, bytes)
    stats.boot.heapPeakBytes = Math.max(stats.boot.heapPeakBytes, bytes)
}
