// What stands in a board's flash, for a person: no secret is in it.
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import { recordOwner } from "@moorage/device/shared"
import { type Flash, readNetwork, readProgram, readSettings } from "@moorage/vm"
import { type Assignment, parseRecord } from "@moorage/device/shared"
import { FIRMWARE_SETTINGS } from "../firmware-settings.js"

export interface FlashContents {
    /** Of bytecode; null when there is no program, or not a whole one. */
    programBytes: number | null
    /** By name; what may be a secret is `(hidden)`. */
    settings: Record<string, unknown>
    /** The Wi-Fi network, when the flash has one. */
    ssid: string | null
    /** The assignment that the board keeps; `none`, or what of it cannot be used. */
    record: Assignment | "none" | "damaged, or of another owner"
}

/** Who a board is, by its flash. The key is a secret. */
export interface FlashIdentity {
    registrationId: string
    idScope: string
    key: string
}

const HIDDEN = "(hidden)"
/** Settings that the firmware writes itself: the record, and how often the program died. */
const RECORD = ["hub", "hub2"]
const OWN = ["REG_ID", "deaths"]

/** Text of a setting; an unquoted all-digit value is stored as a number. */
const textOf = (value: unknown) => (value === undefined ? undefined : String(value))

/** Who the board is; undefined when the flash does not say all of it. */
export function readIdentity(flash: Flash): FlashIdentity | undefined {
    const { REG_ID, ID_SCOPE, DEVICE_KEY } = readSettings(flash)
    if (REG_ID === undefined || ID_SCOPE === undefined || DEVICE_KEY === undefined) return undefined
    return {
        registrationId: String(REG_ID).toLowerCase(),
        idScope: String(ID_SCOPE),
        key: String(DEVICE_KEY),
    }
}

function recordIn(flash: Flash): FlashContents["record"] {
    const settings = readSettings(flash)
    const text = RECORD.map(name => textOf(settings[name]) ?? "").join("")
    if (text === "") return "none"
    const known = readIdentity(flash)
    const host = textOf(settings.DPS_HOST) ?? GLOBAL_DEVICE_ENDPOINT
    const found =
        known && parseRecord(text, known.registrationId, recordOwner(host, known.idScope, known.key))
    return found ?? "damaged, or of another owner"
}

export function readFlashContents(flash: Flash): FlashContents {
    const settings = Object.entries(readSettings(flash))
        .filter(([name]) => !RECORD.includes(name))
        .map(([name, value]) => [name, name in FIRMWARE_SETTINGS || OWN.includes(name) ? value : HIDDEN])
    return {
        programBytes: readProgram(flash)?.length ?? null,
        settings: Object.fromEntries(settings),
        ssid: readNetwork(flash)?.ssid ?? null,
        record: recordIn(flash),
    }
}
