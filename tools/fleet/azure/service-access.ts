import { makeSas } from "@moorage/protocol"
import { CloudSettingsError } from "./cloud-errors.js"

const TOKEN_SEC = 3600
/** A token with less than this left is made anew: a slow call must not outlive it. */
const RENEW_SEC = 600

/** One service API and the shared access policy that opens it. The key cannot be read back, logged or serialised. */
export class ServiceAccess {
    readonly #key: string
    #token = ""
    #endsAtSec = 0

    /** @param key Base64 */
    constructor(
        readonly hostName: string,
        readonly policy: string,
        key: string
    ) {
        this.#key = key
    }

    /** The `Authorization` header: a token for the whole service, an hour long (facts 7: `sr` is the bare host). */
    authorization(nowMs: number): string {
        const nowSec = Math.floor(nowMs / 1000)
        if (nowSec > this.#endsAtSec - RENEW_SEC) {
            this.#endsAtSec = nowSec + TOKEN_SEC
            this.#token = makeSas(this.#key, this.hostName, this.#endsAtSec, this.policy)
        }
        return this.#token
    }
}

const HOST_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i

function isKey(text: string): boolean {
    const bytes = Buffer.from(text, "base64")
    return bytes.length >= 16 && bytes.toString("base64") === text
}

/** What is wrong with these parts, or undefined. */
function validateAccess(hostName: string, policy: string, key: string): string | undefined {
    if (!hostName) return "HostName is missing"
    if (!HOST_NAME.test(hostName)) return "HostName is not a host name"
    if (!policy) return "SharedAccessKeyName is missing"
    if (!key) return "SharedAccessKey is missing"
    if (!isKey(key)) return "SharedAccessKey is not Base64 of a key"
    return undefined
}

/**
 * The access of a host, a policy and its key.
 * @param what whose they are, for the message
 * @throws CloudSettingsError, without the key
 */
export function createServiceAccess(
    what: string,
    hostName: string,
    policy: string,
    key: string
): ServiceAccess {
    const wrong = validateAccess(hostName, policy, key)
    if (wrong) throw new CloudSettingsError(`${what}: ${wrong}.`)
    return new ServiceAccess(hostName.toLowerCase(), policy, key)
}

/**
 * `HostName=...;SharedAccessKeyName=...;SharedAccessKey=...`, as the portal shows it.
 * @param hostName in place of the one in the text
 * @throws CloudSettingsError, without the key
 */
export function parseConnectionString(what: string, text: string, hostName?: string): ServiceAccess {
    const fields = new Map<string, string>()
    for (const field of text.trim().split(";")) {
        const at = field.indexOf("=")
        if (at > 0) fields.set(field.slice(0, at).trim().toLowerCase(), field.slice(at + 1).trim())
    }
    const policy = fields.get("sharedaccesskeyname") ?? ""
    const key = fields.get("sharedaccesskey") ?? ""
    if (fields.has("deviceid"))
        throw new CloudSettingsError(`${what}: it is a device's, and a service's is needed.`)
    return createServiceAccess(what, hostName ?? fields.get("hostname") ?? "", policy, key)
}
