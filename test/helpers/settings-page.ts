// The table of docs/reference/settings.md, rendered from the contract of the firmware.
import { type Setting, SETTINGS } from "@moorage/device/shared"

function defaultOf(setting: Setting): string {
    const fallback = setting.kind === "text" ? (setting.default ?? setting.fallbackText) : setting.default
    return String(fallback)
}

function valuesOf(setting: Setting): string {
    if (setting.kind === "text") return setting.values
    return `${setting.kind === "integer" ? "integer" : "number"} from ${setting.min} to ${setting.max}`
}

/** Returns the table with a row for each setting, without a newline at its end. */
export function renderSettingsTable(): string {
    const rows = SETTINGS.map(
        setting => `| \`${setting.name}\` | ${defaultOf(setting)} | ${valuesOf(setting)} | ${setting.text} |`
    )
    return ["| setting | default | values | description |", "|---|---|---|---|", ...rows].join("\n")
}
