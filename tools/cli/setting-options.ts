import { parseSetting, type SettingValue } from "@moorage/fleet"
import { UserError, WRONG_USAGE } from "./user-error.js"

/** The settings that `--set NAME=VALUE` gives, the last of a name. @throws UserError */
export function givenSettings(set: string[]): Record<string, SettingValue> {
    const settings: Record<string, SettingValue> = {}
    for (const given of set) {
        const at = given.indexOf("=")
        if (at < 0) throw new UserError(`--set takes NAME=VALUE, not ${given}.`, WRONG_USAGE)
        const name = given.slice(0, at)
        const read = parseSetting(name, given.slice(at + 1))
        if ("issue" in read) throw new UserError(`--set cannot be used: ${read.issue}.`, WRONG_USAGE)
        settings[name] = read.value
    }
    return settings
}
