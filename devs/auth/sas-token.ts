// Shared access signatures, the passwords of DPS and IoT Hub.

import { toBase64 } from "../encoding/base64"
import { hmac } from "./crypto"
import { percentEncode } from "../encoding/percent-encoding"

/**
 * Returns a SAS token: `SharedAccessSignature sr=..&sig=..&se=..`. The signature is the HMAC-SHA256 of
 * `{sr as sent}\n{se}` (Microsoft, "Control access to IoT Hub by using shared access signatures").
 * @param key decoded device key
 * @param resource `{idScope}/registrations/{registrationId}`, or `{hub}/devices/{deviceId}`
 * @param expirySec seconds since 1970
 * @param policy `registration` for DPS, empty for a hub token that is signed with a device key
 */
export function sasToken(key: Buffer, resource: string, expirySec: number, policy: string): string {
    const sr = percentEncode(resource)
    const sig = percentEncode(toBase64(hmac(key, sr + "\n" + expirySec)))
    const token = "SharedAccessSignature sr=" + sr + "&sig=" + sig + "&se=" + expirySec
    return policy ? token + "&skn=" + policy : token
}
