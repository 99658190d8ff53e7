// The runtime's native hash and generator, without `@devicescript/crypto`'s checks around them: a wrong
// argument would abort the board (facts D12), so the types here are exact.

type Natives = {
    digest(key: Buffer, algorithm: string, data: string[]): Buffer
    fillRandom(): void
}

/** HMAC-SHA256 of `text` (RFC 2104). */
export function hmacSha256(key: Buffer, text: string): Buffer {
    return (Buffer as any as Natives).digest(key, "sha256", [text])
}

/** `size` bytes from the hardware generator. */
export function randomBytes(size: number): Buffer {
    const bytes = Buffer.alloc(size)
    ;(bytes as any as Natives).fillRandom()
    return bytes
}
