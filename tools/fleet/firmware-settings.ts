// The settings that a fleet's boards can have (docs/reference/settings.md), with the bounds of devs/agent/board-settings.ts.

type SettingForm =
    | { kind: "text"; pattern: RegExp; expected: string }
    | { kind: "number"; min: number; max: number; isInteger: boolean }

const text = (pattern: RegExp, expected: string): SettingForm => ({ kind: "text", pattern, expected })
const integer = (min: number, max: number): SettingForm => ({ kind: "number", min, max, isInteger: true })
const number = (min: number, max: number): SettingForm => ({ kind: "number", min, max, isInteger: false })
const unreserved = (max: number) => new RegExp(`^[A-Za-z0-9\\-._~]{1,${max}}$`)

export const FIRMWARE_SETTINGS: Record<string, SettingForm> = {
    ID_SCOPE: text(unreserved(32), "an ID scope such as 0ne00123ABC"),
    DPS_HOST: text(unreserved(128), "a host name"),
    DPS_PORT: integer(1, 65_535),
    DPS_HTTP_PORT: integer(1, 65_535),
    DPS_TRANSPORT: text(/^(tls|tcp)$/, "tls or tcp"),
    TELEMETRY_SEC: integer(1, 86_400),
    STABLE_SEC: integer(1, 3600),
    SLOT: integer(0, 10_000_000),
    SLOT_SEC: integer(0, 86_400),
    FLEET_N: integer(1, 10_000_000),
    FLEET_CPS: number(0.001, 100_000),
    LOAD: number(0.001, 1000),
    TOKEN_DAYS: integer(1, 365),
}

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
    const form = FIRMWARE_SETTINGS[name]
    if (!form) return { issue: `unknown setting ${name} (see docs/reference/settings.md)` }
    const invalid = (rule: string) => ({ issue: `${name} is ${JSON.stringify(given)}: must be ${rule}` })
    if (form.kind === "text") return form.pattern.test(given) ? { value: given } : invalid(form.expected)
    const { min, max, isInteger } = form
    const value = /^\d+(\.\d+)?$/.test(given) ? Number(given) : NaN
    if (value >= min && value <= max && (!isInteger || Number.isInteger(value))) return { value }
    return invalid(`${isInteger ? "an integer" : "a number"} between ${min} and ${max}`)
}
