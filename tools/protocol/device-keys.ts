import type { Random } from "@moorage/runtime"
import { createHmac } from "node:crypto"

/** Limits of a key's length (Microsoft, "Symmetric key attestation"). */
const KEY_MIN_BYTES = 16
const KEY_MAX_BYTES = 64

/** Returns whether `key` is the Base64 text of a symmetric key that DPS and IoT Hub accept. */
export function isSymmetricKey(key: string): boolean {
    const bytes = Buffer.from(key, "base64")
    if (bytes.toString("base64") !== key) return false
    return bytes.length >= KEY_MIN_BYTES && bytes.length <= KEY_MAX_BYTES
}

/** Returns the Base64 text of the HMAC-SHA256 of `text`, computed with a Base64 key. */
export function hmacBase64(key: string, text: string): string {
    return createHmac("sha256", Buffer.from(key, "base64")).update(text, "utf8").digest("base64")
}

/** Returns the Base64 key of one device of an enrollment group (Microsoft, "Symmetric key attestation"). */
export function deriveDeviceKey(groupKey: string, registrationId: string): string {
    return hmacBase64(groupKey, registrationId)
}

/** Returns the Base64 text of a new symmetric key of `bytes` bytes. */
export function newKey(random: Random, bytes: number): string {
    return Buffer.from(random.bytes(bytes)).toString("base64")
}
