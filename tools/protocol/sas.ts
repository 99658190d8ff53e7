import { timingSafeEqual } from "node:crypto"
import { hmacBase64 } from "./device-keys.js"

/** A shared access signature, taken apart; nothing in it is checked yet. */
export interface SasToken {
    /** `sr` exactly as received: what the signature is over. */
    rawResource: string
    /** `sr`, decoded. */
    resource: string
    /** Base64. */
    signature: string
    expirySec: number
    policy: string | undefined
}

const PREFIX = "SharedAccessSignature "
/** Without leading zeros: the signature is over the digits as received. */
const EXPIRY = /^[1-9]\d{0,11}$/

function decode(text: string): string | undefined {
    try {
        return decodeURIComponent(text)
    } catch {
        return undefined
    }
}

/** The token in `text`, its fields in any order, or undefined when it is not one. */
export function parseSas(text: string): SasToken | undefined {
    if (!text.startsWith(PREFIX)) return undefined
    const fields = new Map<string, string>()
    for (const field of text.slice(PREFIX.length).split("&")) {
        const at = field.indexOf("=")
        if (at > 0) fields.set(field.slice(0, at), field.slice(at + 1))
    }
    const rawResource = fields.get("sr")
    const resource = decode(rawResource ?? "")
    const signature = decode(fields.get("sig") ?? "")
    const expiry = fields.get("se") ?? ""
    if (!rawResource || !resource || !signature || !EXPIRY.test(expiry)) return undefined
    return {
        rawResource,
        resource,
        signature,
        expirySec: Number(expiry),
        policy: decode(fields.get("skn") ?? "") || undefined,
    }
}

function isSignedWith(token: SasToken, key: string): boolean {
    const expected = Buffer.from(hmacBase64(key, `${token.rawResource}\n${token.expirySec}`))
    const received = Buffer.from(token.signature)
    return expected.length === received.length && timingSafeEqual(expected, received)
}

/** Whether `resource` is `prefix` or lies below it, by whole segments, letters' case aside. */
function isWithin(resource: string, prefix: string): boolean {
    const whole = resource.toLowerCase()
    const part = prefix.toLowerCase()
    return whole === part || whole.startsWith(`${part}/`)
}

/**
 * Whether `token` opens `resource` at `nowSec`: signed with one of `keys` over the `sr` bytes as
 * received, for this resource or a prefix of it, and not expired.
 */
export function verifySas(
    token: SasToken | undefined,
    resource: string,
    keys: string[],
    nowSec: number
): boolean {
    if (!token || token.expirySec <= nowSec || !isWithin(resource, token.resource)) return false
    return keys.some(key => isSignedWith(token, key))
}

/** A token as the Azure SDKs make it, for tests and tools. */
export function makeSas(key: string, resource: string, expirySec: number, policy?: string): string {
    const sr = encodeURIComponent(resource)
    const sig = encodeURIComponent(hmacBase64(key, `${sr}\n${expirySec}`))
    return `${PREFIX}sr=${sr}&sig=${sig}&se=${expirySec}${policy ? `&skn=${policy}` : ""}`
}
