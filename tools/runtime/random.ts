/** The only source of random numbers in host code, passed in as an argument. A seeded source makes a run repeatable. */
export interface Random {
    /** Returns a number from a uniform distribution over [0, 1). */
    next(): number
    /** Returns `count` random bytes. */
    bytes(count: number): Uint8Array
}

/**
 * Returns a seeded generator (sfc32) for tests and the simulator. The same seed gives the same bytes on every machine.
 * The generator is not safe for keys.
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
