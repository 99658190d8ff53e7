/** The only source of randomness beside a {@link Clock}; seeded where a run must repeat. */
export interface Random {
    /** Uniform in [0, 1). */
    next(): number
    /** `count` random bytes. */
    bytes(count: number): Uint8Array
}

/**
 * A small seeded generator (sfc32) for tests and the simulator: the same seed
 * gives the same bytes on every machine. Not for keys.
 */
export function seededRandom(seed: number): Random {
    let a = seed | 0
    let b = 0x9e3779b9 | 0
    let c = 0x243f6a88 | 0
    let counter = 1
    const word = () => {
        const t = (((a + b) | 0) + counter) | 0
        counter = (counter + 1) | 0
        a = b ^ (b >>> 9)
        b = (c + (c << 3)) | 0
        c = (c << 21) | (c >>> 11)
        c = (c + t) | 0
        return t >>> 0
    }
    for (let i = 0; i < 16; i++) word()
    return {
        next: () => word() / 0x1_0000_0000,
        bytes: count => Uint8Array.from({ length: count }, () => word() & 0xff),
    }
}
