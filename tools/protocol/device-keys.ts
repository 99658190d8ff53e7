import type { Random } from "@moorage/runtime"
import { createHmac } from "node:crypto"

/** Keys are 16 to 64 bytes (DPS, "Symmetric key attestation"). */
const KEY_MIN_BYTES = 16
const KEY_MAX_BYTES = 64

/** Whether `key` is Base64 of a symmetric key that DPS and IoT Hub take. */
export function isSymmetricKey(key: string): boolean {
    const bytes = Buffer.from(key, "base64")
    if (bytes.toString("base64") !== key) return false
    return bytes.length >= KEY_MIN_BYTES && bytes.length <= KEY_MAX_BYTES
}

/** Base64 HMAC-SHA256 of `text` under a Base64 key. */
export function hmacBase64(key: string, text: string): string {
    return createHmac("sha256", Buffer.from(key, "base64")).update(text, "utf8").digest("base64")
}

/** The key of one device of an enrollment group (DPS, "Symmetric key attestation": group enrollments). */
export function deriveDeviceKey(groupKey: string, registrationId: string): string {
    return hmacBase64(groupKey, registrationId)
}

/** A new symmetric key, Base64. */
export function newKey(random: Random, bytes: number): string {
    return Buffer.from(random.bytes(bytes)).toString("base64")
}
