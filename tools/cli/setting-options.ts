import { parseSetting, type SettingValue } from "@moorage/fleet"
import { usageError } from "./usage-error.js"

/** Returns the settings of `--set NAME=VALUE`; the last value of a name applies. @throws MoorageError WRONG_USAGE */
export function settingsFromOptions(set: string[]): Record<string, SettingValue> {
    const settings: Record<string, SettingValue> = {}
    for (const given of set) {
        const at = given.indexOf("=")
        if (at < 0) throw usageError(`Invalid --set ${given}: expected NAME=VALUE.`)
        const name = given.slice(0, at)
        const read = parseSetting(name, given.slice(at + 1))
        if ("issue" in read) throw usageError(`Invalid --set: ${read.issue}.`)
        settings[name] = read.value
    }
    return settings
}
