// The settings of the board as a table, for host tools and for docs/reference/settings.md. The firmware does not import
// this file, because the texts would make the images larger. Pure.

import {
    DPS_HOST_MAX,
    FleetRate,
    FleetSize,
    ID_SCOPE_MAX,
    KEY_MAX_BYTES,
    KEY_MIN_BYTES,
    LoadFactor,
    Port,
    REG_ID_MAX,
    Slot,
    SlotSec,
    StableSec,
    TelemetrySec,
    TokenDays,
} from "./setting-limits"

interface SettingRow {
    name: string
    /** What the setting does, for the reference page. */
    text: string
}

/** A setting whose value is a text. */
export interface TextSetting extends SettingRow {
    kind: "text"
    default?: string
    /** What the board does without a value, if there is no fixed default. */
    fallbackText?: string
    /** Regular expression for valid values. */
    pattern: string
    /** The valid values in words. */
    values: string
}

/** A setting whose value is a number. */
export interface NumberSetting extends SettingRow {
    kind: "integer" | "number"
    default: number
    min: number
    max: number
}

export type Setting = TextSetting | NumberSetting

/** The characters that percent-encoding does not change. */
const UNRESERVED = "[A-Za-z0-9\\-._~]"

/** All settings that the firmware reads, in the order of the reference page. */
export const SETTINGS: Setting[] = [
    {
        name: "ID_SCOPE",
        kind: "text",
        fallbackText: "none (required)",
        pattern: "^" + UNRESERVED + "{1," + ID_SCOPE_MAX + "}$",
        values: "an ID scope, for example 0ne00123ABC",
        text: "ID scope of the DPS instance",
    },
    {
        name: "DEVICE_KEY",
        kind: "text",
        fallbackText: "none (required)",
        pattern: "^[A-Za-z0-9+/]+={0,2}$",
        values: "Base64 of " + KEY_MIN_BYTES + " to " + KEY_MAX_BYTES + " bytes",
        text: "symmetric key of the device",
    },
    {
        name: "REG_ID",
        kind: "text",
        fallbackText: "the identifier of the chip",
        pattern: "^([a-zA-Z0-9\\-._:]{0," + (REG_ID_MAX - 1) + "}[a-zA-Z0-9\\-])$",
        values:
            "up to " +
            REG_ID_MAX +
            " characters of `a-z 0-9 - . _ :`, with a letter, a digit or `-` at the end",
        text: "registration ID; the board converts capital letters to lower case",
    },
    {
        name: "DPS_HOST",
        kind: "text",
        default: "global.azure-devices-provisioning.net",
        pattern: "^" + UNRESERVED + "{1," + DPS_HOST_MAX + "}$",
        values: "a host name",
        text: "host name of DPS",
    },
    {
        name: "DPS_PORT",
        kind: "integer",
        default: Port.Mqtt,
        min: Port.Min,
        max: Port.Max,
        text: "MQTT port of DPS and of the hubs",
    },
    {
        name: "DPS_HTTP_PORT",
        kind: "integer",
        default: Port.Http,
        min: Port.Min,
        max: Port.Max,
        text: "HTTPS port of DPS, for the time and the status lookup",
    },
    {
        name: "DPS_TRANSPORT",
        kind: "text",
        default: "tls",
        pattern: "^(tls|tcp)$",
        values: "tls or tcp",
        text: "`tcp` is for a lab without TLS; the board logs a warning at every boot",
    },
    {
        name: "TELEMETRY_SEC",
        kind: "integer",
        default: TelemetrySec.Default,
        min: TelemetrySec.Min,
        max: TelemetrySec.Max,
        text: "seconds between telemetry messages",
    },
    {
        name: "STABLE_SEC",
        kind: "integer",
        default: StableSec.Default,
        min: StableSec.Min,
        max: StableSec.Max,
        text: "a session of this many seconds is stable: it resets the backoff, and the record may be written",
    },
    {
        name: "SLOT",
        kind: "integer",
        default: Slot.Default,
        min: Slot.Min,
        max: Slot.Max,
        text: "number of the slot in which a new board registers, from 0, counted from power-on",
    },
    {
        name: "SLOT_SEC",
        kind: "integer",
        default: SlotSec.Default,
        min: SlotSec.Min,
        max: SlotSec.Max,
        text: "length of a slot in seconds, 0 for no slots",
    },
    {
        name: "FLEET_N",
        kind: "integer",
        default: FleetSize.Default,
        min: FleetSize.Min,
        max: FleetSize.Max,
        text: "N of the fleet formula (R6): number of boards in the fleet",
    },
    {
        name: "FLEET_CPS",
        kind: "number",
        default: FleetRate.Default,
        min: FleetRate.Min,
        max: FleetRate.Max,
        text: "cps of the fleet formula: number of boards that the service accepts per second",
    },
    {
        name: "LOAD",
        kind: "number",
        default: LoadFactor.Default,
        min: LoadFactor.Min,
        max: LoadFactor.Max,
        text: "load of the fleet formula: a throttled board without `retry-after` waits 1 s to (1 / load) * (N / cps) s",
    },
    {
        name: "TOKEN_DAYS",
        kind: "integer",
        default: TokenDays.Default,
        min: TokenDays.Min,
        max: TokenDays.Max,
        text: "life of a hub token in days",
    },
]
