// The runtime's native hash and generator, without `@devicescript/crypto`'s checks around them: a wrong
// argument would abort the board (facts D12), so the types here are exact.

type CryptoNatives = {
    digest(key: Buffer, algorithm: string, data: string[]): Buffer
    fillRandom(): void
}

/** HMAC-SHA256 of `text` (RFC 2104). */
export function hmac(key: Buffer, text: string): Buffer {
    return (Buffer as any as CryptoNatives).digest(key, "sha256", [text])
}

/** A number in [0, 1) from the hardware generator; Math.random is the same on every simulated board. */
export function random(): number {
    const bytes = Buffer.alloc(4)
    ;(bytes as any as CryptoNatives).fillRandom()
    return bytes.getAt(0, "u32") / 4294967296
}
