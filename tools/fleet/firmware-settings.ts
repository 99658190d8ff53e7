// The settings that a fleet's boards can have (docs/reference/settings.md), with the limits of the firmware.
import { SETTINGS, type Setting } from "@moorage/device/shared"

/** The registration ID and the key have columns of their own in a fleet file. */
const IDENTITY = ["REG_ID", "DEVICE_KEY"]

/** The settings that the boards of a fleet can have, by name. */
export const FIRMWARE_SETTINGS: Record<string, Setting> = Object.fromEntries(
    SETTINGS.filter(({ name }) => !IDENTITY.includes(name)).map(setting => [setting.name, setting])
)

/** Columns of the fleet file that hold a setting under a different name. */
export const SETTING_COLUMNS: Record<string, string> = {
    idScope: "ID_SCOPE",
    slot: "SLOT",
    slotSec: "SLOT_SEC",
    fleetN: "FLEET_N",
    fleetCps: "FLEET_CPS",
    load: "LOAD",
}

export type SettingValue = string | number

/** Returns the value of a setting as the firmware reads it, or what is wrong with the text. */
export function parseSetting(name: string, given: string): { value: SettingValue } | { issue: string } {
    const setting = FIRMWARE_SETTINGS[name]
    if (!setting) return { issue: `unknown setting ${name} (see docs/reference/settings.md)` }
    const invalid = (rule: string) => ({ issue: `${name} is ${JSON.stringify(given)}: must be ${rule}` })
    if (setting.kind === "text")
        return new RegExp(setting.pattern).test(given) ? { value: given } : invalid(setting.values)
    const { kind, min, max } = setting
    const value = /^\d+(\.\d+)?$/.test(given) ? Number(given) : NaN
    if (value >= min && value <= max && (kind === "number" || Number.isInteger(value))) return { value }
    return invalid(`${kind === "integer" ? "an integer" : "a number"} between ${min} and ${max}`)
}
