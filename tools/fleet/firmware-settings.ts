// The settings that a fleet's boards can have (docs/reference/settings.md). The limits are those of the firmware.
import { type Setting, SETTINGS } from "@moorage/device/shared"

/** Settings with a fleet file column of their own. The host tool validates them as registration ID and key. */
const IDENTITY_SETTINGS = ["REG_ID", "DEVICE_KEY"]

/** The settings by name, without registration ID and key. */
export const FIRMWARE_SETTINGS: Record<string, Setting> = Object.fromEntries(
    SETTINGS.filter(({ name }) => !IDENTITY_SETTINGS.includes(name)).map(setting => [setting.name, setting])
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

/** Returns the value of a setting as the firmware reads it, or the issue of the text. */
export function parseSetting(name: string, text: string): { value: SettingValue } | { issue: string } {
    const setting = FIRMWARE_SETTINGS[name]
    if (!setting) return { issue: `unknown setting ${name} (see docs/reference/settings.md)` }
    const invalid = (rule: string) => ({ issue: `${name} is ${JSON.stringify(text)}: must be ${rule}` })
    if (setting.kind === "text")
        return new RegExp(setting.pattern).test(text) ? { value: text } : invalid(setting.values)
    const { min, max } = setting
    const isInteger = setting.kind === "integer"
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
    if (value >= min && value <= max && (!isInteger || Number.isInteger(value))) return { value }
    return invalid(`${isInteger ? "an integer" : "a number"} between ${min} and ${max}`)
}
