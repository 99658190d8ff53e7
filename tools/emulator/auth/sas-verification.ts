// Parses and verifies SAS tokens of devices and services.
import { timingSafeEqual } from "node:crypto"
import { hmacBase64 } from "@moorage/protocol"

/** The fields of a shared access signature (protocol-facts.md, 1.3). Nothing is verified yet. */
export interface SasToken {
    /** `sr` exactly as received. The signature covers these bytes. */
    rawResource: string
    /** `sr`, decoded. */
    resource: string
    /** Base64. */
    signature: string
    /** `se`: Unix time. */
    expirySec: number
    /** `skn`, the name of the shared access policy. */
    policy: string | undefined
}

const PREFIX = "SharedAccessSignature "
/** Leading zeros are rejected: the signature covers the digits as received. */
const EXPIRY = /^[1-9]\d{0,11}$/

function decode(text: string): string | undefined {
    try {
        return decodeURIComponent(text)
    } catch {
        return undefined
    }
}

/** Returns the token in `text`, or undefined if `text` is not a SAS token. The fields may have any order. */
export function parseSasToken(text: string): SasToken | undefined {
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

/** Returns whether `resource` is `prefix` or a path below it. Compares whole segments and ignores case. */
function isWithin(resource: string, prefix: string): boolean {
    const path = resource.toLowerCase()
    const start = prefix.toLowerCase()
    return path === start || path.startsWith(`${start}/`)
}

/** The conditions that a token must meet. */
export interface SasCheck {
    /** The resource that the client uses. */
    resource: string
    /** Base64. The token must be signed with one of these keys. */
    keys: string[]
    /** Unix time. */
    nowSec: number
}

/**
 * Returns whether `token` grants access to `resource` at `nowSec`. The token must be signed with one of `keys`, must name
 * the resource or a prefix of it, and must not be expired (protocol-facts.md, 1.3).
 */
export function verifySasToken(token: SasToken | undefined, { resource, keys, nowSec }: SasCheck): boolean {
    if (!token || token.expirySec <= nowSec || !isWithin(resource, token.resource)) return false
    return keys.some(key => isSignedWith(token, key))
}
