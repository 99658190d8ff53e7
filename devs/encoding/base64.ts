// Base64 (RFC 4648, section 4), which DeviceScript lacks. Pure.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
const PAD = 61

/** Returns whether `char` is one ASCII letter or digit. */
export function isAlnum(char: string): boolean {
    const place = ALPHABET.indexOf(char)
    return place >= 0 && place < 62
}

/** Returns the padded Base64 text of `bytes`. */
export function toBase64(bytes: Buffer): string {
    const size = bytes.length
    const text = Buffer.alloc(Math.floor((size + 2) / 3) * 4)
    let at = 0
    for (let i = 0; i < size; i += 3) {
        // A byte past the end reads as undefined and shifts as 0.
        const word = (bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2]
        for (let k = 0; k < 4; k++) {
            text[at] = i + k > size ? PAD : ALPHABET.charCodeAt((word >> (18 - 6 * k)) & 63)
            at++
        }
    }
    return text.toString()
}

/** Returns the bytes of a padded Base64 text, or undefined if the text is not Base64. */
export function fromBase64(text: string): Buffer | undefined {
    let size = text.length
    if (size % 4) return undefined
    if (text.charAt(size - 1) === "=") size--
    if (text.charAt(size - 1) === "=") size--
    const bytes = Buffer.alloc((size * 3) >> 2)
    let word = 0
    let at = 0
    for (let i = 0; i < size; i++) {
        const sextet = ALPHABET.indexOf(text.charAt(i))
        if (sextet < 0) return undefined
        word = ((word << 6) | sextet) & 0xffff
        if (i & 3) {
            bytes[at] = (word >> ((~i & 3) << 1)) & 0xff
            at++
        }
    }
    return bytes
}
