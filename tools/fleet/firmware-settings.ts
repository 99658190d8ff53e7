// The settings that a fleet's boards can be given: docs/reference/settings.md as a table, with the bounds of devs/agent/board-settings.ts.

type Form =
    | { kind: "text"; pattern: RegExp; want: string }
    | { kind: "number"; min: number; max: number; whole: boolean }

const text = (pattern: RegExp, want: string): Form => ({ kind: "text", pattern, want })
const whole = (min: number, max: number): Form => ({ kind: "number", min, max, whole: true })
const number = (min: number, max: number): Form => ({ kind: "number", min, max, whole: false })
const unreserved = (max: number) => new RegExp(`^[A-Za-z0-9\\-._~]{1,${max}}$`)

export const FIRMWARE_SETTINGS: Record<string, Form> = {
    ID_SCOPE: text(unreserved(32), "an ID scope, such as 0ne00123ABC"),
    DPS_HOST: text(unreserved(128), "a host name"),
    DPS_PORT: whole(1, 65_535),
    DPS_HTTP_PORT: whole(1, 65_535),
    DPS_TRANSPORT: text(/^(tls|tcp)$/, "tls or tcp"),
    TELEMETRY_SEC: whole(1, 86_400),
    STABLE_SEC: whole(1, 3600),
    SLOT: whole(0, 10_000_000),
    SLOT_SEC: whole(0, 86_400),
    FLEET_N: whole(1, 10_000_000),
    FLEET_CPS: number(0.001, 100_000),
    LOAD: number(0.001, 1000),
    TOKEN_DAYS: whole(1, 365),
}

/** Settings that a fleet file has columns of their own for. */
export const OWN_COLUMNS: Record<string, string> = {
    idScope: "ID_SCOPE",
    slot: "SLOT",
    slotSec: "SLOT_SEC",
    fleetN: "FLEET_N",
    fleetCps: "FLEET_CPS",
    load: "LOAD",
}

export type SettingValue = string | number

/** A setting as the firmware takes it, or what is wrong with it. */
export function settingOf(name: string, given: string): { value: SettingValue } | { mistake: string } {
    const form = FIRMWARE_SETTINGS[name]
    if (!form) return { mistake: `there is no setting ${name} (docs/reference/settings.md)` }
    if (form.kind === "text")
        return form.pattern.test(given)
            ? { value: given }
            : { mistake: `${name} is ${JSON.stringify(given)}: it takes ${form.want}` }
    const value = /^\d+(\.\d+)?$/.test(given) ? Number(given) : NaN
    if (value >= form.min && value <= form.max && (!form.whole || Number.isInteger(value))) return { value }
    const what = form.whole ? "a whole number" : "a number"
    return {
        mistake: `${name} is ${JSON.stringify(given)}: it takes ${what} from ${form.min} to ${form.max}`,
    }
}
