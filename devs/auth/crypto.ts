// Direct calls of the runtime's native hash and random generator, without the checks of `@devicescript/crypto`. A wrong
// argument would abort the board (runtime-facts.md, D12), so the types here are exact.

type CryptoNatives = {
    digest(key: Buffer, algorithm: string, data: string[]): Buffer
    fillRandom(): void
}

/** Returns the HMAC-SHA256 of `text` (RFC 2104). */
export function hmac(key: Buffer, text: string): Buffer {
    return (Buffer as any as CryptoNatives).digest(key, "sha256", [text])
}

/** Returns a number in [0, 1) from the hardware generator. Math.random returns the same numbers on every simulated board. */
export function random(): number {
    const bytes = Buffer.alloc(4)
    ;(bytes as any as CryptoNatives).fillRandom()
    return bytes.getAt(0, "u32") / 4294967296
}
