// Percent-encoding (RFC 3986, section 2.1); the runtime's own leaves `/ + =` as they are (facts D14). Pure.

function isUnreserved(code: number): boolean {
    const lower = code | 32
    return (
        (lower >= 97 && lower <= 122) ||
        (code >= 45 && code <= 57 && code !== 47) || // - . 0-9
        code === 95 ||
        code === 126
    )
}

function hexDigit(value: number): number {
    return value < 10 ? value + 48 : value + 55
}

/** `text` with every byte but the unreserved ones as `%XX`, in capitals. */
export function percentEncode(text: string): string {
    const bytes = Buffer.from(text)
    const out = Buffer.alloc(bytes.length * 3)
    let at = 0
    for (let i = 0; i < bytes.length; i++) {
        const code = bytes[i]
        if (isUnreserved(code)) {
            out[at] = code
            at++
        } else {
            out[at] = 37
            out[at + 1] = hexDigit(code >> 4)
            out[at + 2] = hexDigit(code & 15)
            at += 3
        }
    }
    return out.slice(0, at).toString()
}
