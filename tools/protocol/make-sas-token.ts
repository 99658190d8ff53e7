import { hmacBase64 } from "./device-keys.js"

/** Returns a token as the Azure SDKs create it. `key` is Base64, `expirySec` is Unix time. */
export function makeSasToken(key: string, resource: string, expirySec: number, policy?: string): string {
    const sr = encodeURIComponent(resource)
    const sig = encodeURIComponent(hmacBase64(key, `${sr}\n${expirySec}`))
    return `SharedAccessSignature sr=${sr}&sig=${sig}&se=${expirySec}${policy ? `&skn=${policy}` : ""}`
}
