// The assignment record: the assigned hub as text, for the settings in flash. Pure.
//
//   1|<hub host>|<device ID, empty when it is the registration ID>|<token expiry, s since 1970>|<checksum>

/** The assignment from DPS, with the expiry of the hub token. */
export interface Assignment {
    /** Host name of the IoT hub. */
    hub: string
    deviceId: string
    /** Expiry (`se`) of the hub's SAS token, seconds since 1970. */
    expirySec: number
}

/** The version of the format. A record of another version counts as no record. */
const VERSION = "1"

/** A record with a later expiry is written at most every 60 days. */
const RENEW_SEC = 60 * 86_400

/** Returns whether the stored record is still valid: same hub and device, and an expiry that is not much earlier. */
export function isStillValid(stored: Assignment | undefined, now: Assignment): boolean {
    if (!stored || stored.hub !== now.hub || stored.deviceId !== now.deviceId) return false
    const gainedSec = now.expirySec - stored.expirySec
    return gainedSec >= 0 && gainedSec < RENEW_SEC
}

/** Returns FNV-1a of the UTF-8 bytes as a signed 32-bit integer. It finds damage but does not protect against attacks. */
function checksum(text: string): number {
    const bytes = Buffer.from(text)
    let sum = -2128831035
    for (let i = 0; i < bytes.length; i++) sum = Math.imul(sum ^ bytes[i], 16777619)
    return sum | 0
}

/**
 * Returns the record as text.
 * @param owner owner text of `recordOwner`; the checksum covers it, so a record of another owner counts as no record
 */
export function formatRecord(assignment: Assignment, registrationId: string, owner: string): string {
    const id = assignment.deviceId === registrationId ? "" : assignment.deviceId
    const body = VERSION + "|" + assignment.hub + "|" + id + "|" + assignment.expirySec + "|"
    return body + checksum(owner + body)
}

/** Returns the assignment in `text`, or undefined if the text is damaged or has another version or owner. */
export function parseRecord(text: string, registrationId: string, owner: string): Assignment | undefined {
    const end = text.lastIndexOf("|") + 1
    const body = text.slice(0, end)
    if (end < 5 || body.indexOf(VERSION + "|")) return undefined
    if (text.slice(end) !== "" + checksum(owner + body)) return undefined
    const hubEnd = body.indexOf("|", 2)
    const idEnd = body.indexOf("|", hubEnd + 1)
    const expirySec = parseInt(body.slice(idEnd + 1, end - 1))
    const hub = body.slice(2, hubEnd)
    if (idEnd < 0 || idEnd === end - 1 || !hub || isNaN(expirySec)) return undefined
    return { hub, deviceId: body.slice(hubEnd + 1, idEnd) || registrationId, expirySec }
}
