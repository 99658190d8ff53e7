// The assignment record: which hub a board was given, as text for flash settings. Pure.
//
//   1|<hub host>|<device ID, empty when it is the registration ID>|<token expiry, s since 1970>|<checksum>

/** What DPS said, and until when the hub token minted from it is good. */
export interface Assignment {
    /** Host name of the IoT hub. */
    hub: string
    deviceId: string
    /** Expiry (`se`) of the hub's SAS token, seconds since 1970. */
    expirySec: number
}

/** Changes when the meaning of a field does; another version's record reads as none. */
const VERSION = "1"

/** The longest host name and device ID that a record holds. */
export const NAME_MAX = 128

/** A later expiry alone is not worth a flash write more often than this: 60 days. */
const RENEW_SEC = 60 * 86_400

/** Whether `stored` still serves for `now`: same hub and device, and an expiry not much older. */
export function stillServes(stored: Assignment | undefined, now: Assignment): boolean {
    if (!stored || stored.hub !== now.hub || stored.deviceId !== now.deviceId) return false
    const gainedSec = now.expirySec - stored.expirySec
    return gainedSec >= 0 && gainedSec < RENEW_SEC
}

/** FNV-1a over the UTF-8 bytes, as a signed 32-bit integer: finds damage, is no protection against intent. */
function checksum(text: string): number {
    const bytes = Buffer.from(text)
    let sum = -2128831035
    for (let i = 0; i < bytes.length; i++) sum = Math.imul(sum ^ bytes[i], 16777619)
    return sum | 0
}

/**
 * The record as text.
 * @param owner whom the record belongs to (DPS host, ID scope, registration ID, key): it enters the
 * checksum, so that a record of another owner reads as none, and is not stored
 */
export function formatRecord(assignment: Assignment, registrationId: string, owner: string): string {
    const id = assignment.deviceId === registrationId ? "" : assignment.deviceId
    const body = VERSION + "|" + assignment.hub + "|" + id + "|" + assignment.expirySec + "|"
    return body + checksum(owner + body)
}

/** The assignment in `text`, or undefined when it is damaged, of another version or of another owner. */
export function parseRecord(text: string, registrationId: string, owner: string): Assignment | undefined {
    const end = text.lastIndexOf("|") + 1
    const body = text.slice(0, end)
    if (end < 5 || !body.startsWith(VERSION + "|")) return undefined
    if (text.slice(end) !== "" + checksum(owner + body)) return undefined
    const hubEnd = body.indexOf("|", 2)
    const idEnd = body.indexOf("|", hubEnd + 1)
    const expirySec = parseInt(body.slice(idEnd + 1, end - 1))
    const hub = body.slice(2, hubEnd)
    if (idEnd < 0 || idEnd === end - 1 || !hub || isNaN(expirySec)) return undefined
    return { hub, deviceId: body.slice(hubEnd + 1, idEnd) || registrationId, expirySec }
}

/** Returns the owner text that the checksum of a record covers. The text contains the device key. */
export function recordOwner(dpsHost: string, idScope: string, key: string): string {
    return dpsHost + "|" + idScope + "|" + key + "|"
}
