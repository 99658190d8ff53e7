// Percent-encoding (RFC 3986, section 2.1). The function of the runtime does not encode `/ + =` (runtime-facts.md, D14).
// Pure.

import { isAlnum } from "./base64"

const HEX = "0123456789ABCDEF"

/** Returns `text` with each byte as `%XX` in capitals, except unreserved characters. */
export function percentEncode(text: string): string {
    const bytes = Buffer.from(text)
    const out = Buffer.alloc(bytes.length * 3)
    let at = 0
    for (let i = 0; i < bytes.length; i++) {
        const code = bytes[i]
        const char = String.fromCharCode(code)
        out[at] = code
        if (!isAlnum(char) && "-._~".indexOf(char) < 0) {
            out[at] = 37
            out[at + 1] = HEX.charCodeAt(code >> 4)
            out[at + 2] = HEX.charCodeAt(code & 15)
            at += 2
        }
        at++
    }
    return out.slice(0, at).toString()
}
