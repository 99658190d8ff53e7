import { makeSasToken } from "@moorage/protocol"
import { CloudSettingsError } from "./cloud-errors.js"

const TOKEN_SEC = 3600
/** A token with less remaining time is renewed, so that it does not expire during a slow call. */
const RENEW_SEC = 600

/** Access to one service API with a shared access policy. The key cannot be read, logged or serialised. */
export class ServiceAccess {
    readonly #key: string
    #token = ""
    #expiresAtSec = 0

    /** @param key Base64 */
    constructor(
        readonly hostName: string,
        readonly policy: string,
        key: string
    ) {
        this.#key = key
    }

    /** Returns the `Authorization` header: a SAS token for the whole host, valid for one hour (protocol-facts.md, 7). */
    authorization(nowMs: number): string {
        const nowSec = Math.floor(nowMs / 1000)
        if (nowSec > this.#expiresAtSec - RENEW_SEC) {
            this.#expiresAtSec = nowSec + TOKEN_SEC
            this.#token = makeSasToken(this.#key, this.hostName, this.#expiresAtSec, this.policy)
        }
        return this.#token
    }
}

interface AccessParts {
    hostName: string
    policy: string
    /** Base64. */
    key: string
}

const HOST_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i
const KEY_MIN_BYTES = 16

function isKey(text: string): boolean {
    const bytes = Buffer.from(text, "base64")
    return bytes.length >= KEY_MIN_BYTES && bytes.toString("base64") === text
}

/** Returns the first issue of these parts, or undefined. */
function validateAccess({ hostName, policy, key }: AccessParts): string | undefined {
    if (!hostName) return "HostName is missing"
    if (!HOST_NAME.test(hostName)) return "HostName is not a host name"
    if (!policy) return "SharedAccessKeyName is missing"
    if (!key) return "SharedAccessKey is missing"
    if (!isKey(key)) return `SharedAccessKey is not Base64 of at least ${KEY_MIN_BYTES} bytes`
    return undefined
}

/**
 * Returns the access with a host, a policy and its key.
 * @param source name of the source of the parts, for the error message
 * @throws CloudSettingsError; the message does not contain the key
 */
export function createServiceAccess(source: string, parts: AccessParts): ServiceAccess {
    const issue = validateAccess(parts)
    if (issue) throw new CloudSettingsError(`${source}: ${issue}.`)
    return new ServiceAccess(parts.hostName.toLowerCase(), parts.policy, parts.key)
}

/**
 * Parses a connection string of the portal: `HostName=...;SharedAccessKeyName=...;SharedAccessKey=...`.
 * @param source name of the source of the text, for the error message
 * @param hostName replaces the host name of the text
 * @throws CloudSettingsError; the message does not contain the key
 */
export function parseConnectionString(source: string, text: string, hostName?: string): ServiceAccess {
    const fields = new Map<string, string>()
    for (const field of text.trim().split(";")) {
        const equals = field.indexOf("=")
        if (equals > 0)
            fields.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1).trim())
    }
    if (fields.has("deviceid"))
        throw new CloudSettingsError(
            `${source}: the connection string belongs to a device. Use the connection string of a service policy.`
        )
    return createServiceAccess(source, {
        hostName: hostName ?? fields.get("hostname") ?? "",
        policy: fields.get("sharedaccesskeyname") ?? "",
        key: fields.get("sharedaccesskey") ?? "",
    })
}
