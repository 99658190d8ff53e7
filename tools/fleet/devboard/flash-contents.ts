// Reads the contents of a board's flash for display, without secrets.
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import { type Assignment, FlashKey, parseRecord, recordOwner } from "@moorage/device/shared"
import { type Flash, readNetwork, readProgram, readSettings } from "@moorage/vm"
import { FIRMWARE_SETTINGS } from "../firmware-settings.js"

export interface FlashContents {
    /** Size of the bytecode; null if the program is missing or incomplete. */
    programBytes: number | null
    /** By name. The value of an unknown setting may be a secret and is `(hidden)`. */
    settings: Record<string, unknown>
    /** The Wi-Fi network, or null. */
    ssid: string | null
    /** The stored assignment, or the reason why it is missing. */
    record: Assignment | "none" | "damaged, or of another owner"
}

/** The identity of a board as stored in its flash. The key is a secret. */
export interface FlashIdentity {
    registrationId: string
    idScope: string
    key: string
}

const HIDDEN = "(hidden)"
/** Settings in which the firmware stores the record. */
const RECORD_SETTINGS: string[] = [FlashKey.Record, FlashKey.RecordRest]
/** Settings without a secret that are not in FIRMWARE_SETTINGS: the ID, and the number of crashes. */
const VISIBLE_SETTINGS: string[] = ["REG_ID", FlashKey.Crashes]

/** Returns the text of a setting. An unquoted value of digits is stored as a number. */
const settingText = (value: unknown) => (value === undefined ? undefined : String(value))

/** Returns the identity of the board, or undefined if a part of it is missing. */
export function readIdentity(flash: Flash): FlashIdentity | undefined {
    const { REG_ID, ID_SCOPE, DEVICE_KEY } = readSettings(flash)
    if (REG_ID === undefined || ID_SCOPE === undefined || DEVICE_KEY === undefined) return undefined
    return {
        registrationId: String(REG_ID).toLowerCase(),
        idScope: String(ID_SCOPE),
        key: String(DEVICE_KEY),
    }
}

function readAssignment(flash: Flash): FlashContents["record"] {
    const settings = readSettings(flash)
    const text = RECORD_SETTINGS.map(name => settingText(settings[name]) ?? "").join("")
    if (text === "") return "none"
    const identity = readIdentity(flash)
    const host = settingText(settings.DPS_HOST) ?? GLOBAL_DEVICE_ENDPOINT
    const assignment =
        identity &&
        parseRecord(text, identity.registrationId, recordOwner(host, identity.idScope, identity.key))
    return assignment ?? "damaged, or of another owner"
}

/** Returns the contents of a flash. */
export function readFlashContents(flash: Flash): FlashContents {
    const isVisible = (name: string) => name in FIRMWARE_SETTINGS || VISIBLE_SETTINGS.includes(name)
    const settings = Object.entries(readSettings(flash))
        .filter(([name]) => !RECORD_SETTINGS.includes(name))
        .map(([name, value]) => [name, isVisible(name) ? value : HIDDEN])
    return {
        programBytes: readProgram(flash)?.length ?? null,
        settings: Object.fromEntries(settings),
        ssid: readNetwork(flash)?.ssid ?? null,
        record: readAssignment(flash),
    }
}
