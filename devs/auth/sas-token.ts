// Shared access signatures: what DPS and IoT Hub take for a password.

import { toBase64 } from "../encoding/base64"
import { hmac } from "./crypto"
import { percentEncode } from "../encoding/percent-encoding"

/**
 * A SAS token: `SharedAccessSignature sr=..&sig=..&se=..`, the signature being HMAC-SHA256 over
 * `{sr as sent}\n{se}` (Microsoft, "Control access to IoT Hub by using shared access signatures").
 * @param key decoded device key
 * @param resource `{idScope}/registrations/{registrationId}`, or `{hub}/devices/{deviceId}`
 * @param expirySec seconds since 1970
 * @param policy `registration` for DPS; a hub token signed with a device key has none
 */
export function sasToken(key: Buffer, resource: string, expirySec: number, policy: string): string {
    const sr = percentEncode(resource)
    const sig = percentEncode(toBase64(hmac(key, sr + "\n" + expirySec)))
    const token = "SharedAccessSignature sr=" + sr + "&sig=" + sig + "&se=" + expirySec
    return policy ? token + "&skn=" + policy : token
}
