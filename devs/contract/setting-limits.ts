// The limits and the numeric defaults of the board's settings. The firmware inlines them; `settings-table.ts` describes
// the settings for host tools. Pure.

/** Maximum number of characters of `DPS_HOST`. */
export const DPS_HOST_MAX = 128
/** Maximum number of characters of `ID_SCOPE`. */
export const ID_SCOPE_MAX = 32
/** Maximum number of characters of `REG_ID` (Microsoft, "DPS terminology", registration ID). */
export const REG_ID_MAX = 128
/** Minimum and maximum length of the decoded `DEVICE_KEY` (Microsoft, "Symmetric key attestation"). */
export const KEY_MIN_BYTES = 16
export const KEY_MAX_BYTES = 64

/** `DPS_PORT` and `DPS_HTTP_PORT`. */
export const enum Port {
    Mqtt = 8883,
    Http = 443,
    Min = 1,
    Max = 65_535,
}

/** `TELEMETRY_SEC`: seconds between telemetry messages. */
export const enum TelemetrySec {
    Default = 60,
    Min = 1,
    Max = 86_400,
}

/** `STABLE_SEC`: seconds until a session is stable. */
export const enum StableSec {
    Default = 120,
    Min = 1,
    Max = 3600,
}

/** `SLOT`: number of a slot. */
export const enum Slot {
    Min = 0,
    Default = Min,
    Max = 10_000_000,
}

/** `SLOT_SEC`: length of a slot in seconds. */
export const enum SlotSec {
    Min = 0,
    Default = Min,
    Max = 86_400,
}

/** `FLEET_N`: boards in the fleet. */
export const enum FleetSize {
    Default = 1000,
    Min = 1,
    Max = 10_000_000,
}

/** `FLEET_CPS`: boards that the service accepts per second. */
export const enum FleetRate {
    Default = 16,
    Min = 0.001,
    Max = 100_000,
}

/** `LOAD`: part of the rate of the service that the fleet may use. */
export const enum LoadFactor {
    Default = 1,
    Min = 0.001,
    Max = 1000,
}

/** `TOKEN_DAYS`: life of a hub token in days. */
export const enum TokenDays {
    Default = 90,
    Min = 1,
    Max = 365,
}
