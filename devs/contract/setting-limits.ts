// The limits and the numeric defaults of the board's settings. The firmware inlines them; `settings-table.ts` describes
// the settings for host tools. Pure.

/** Limits of the settings that are texts. */
export const enum TextLimit {
    /** Characters of `DPS_HOST`. */
    HostMax = 128,
    /** Characters of `ID_SCOPE`. */
    ScopeMax = 32,
    /** Characters of `REG_ID` (Microsoft, "DPS terminology", registration ID). */
    IdMax = 128,
    /** Bytes of the decoded `DEVICE_KEY` (Microsoft, "Symmetric key attestation"). */
    KeyMinBytes = 16,
    KeyMaxBytes = 64,
}

/** `DPS_PORT` and `DPS_HTTP_PORT`. */
export const enum Port {
    Mqtt = 8883,
    Http = 443,
    Min = 1,
    Max = 65_535,
}

export const enum TelemetrySec {
    Default = 60,
    Min = 1,
    Max = 86_400,
}

export const enum StableSec {
    Default = 120,
    Min = 1,
    Max = 3600,
}

export const enum Slot {
    Default = 0,
    Min = 0,
    Max = 10_000_000,
}

export const enum SlotSec {
    Default = 0,
    Min = 0,
    Max = 86_400,
}

export const enum FleetSize {
    Default = 1000,
    Min = 1,
    Max = 10_000_000,
}

/** `FLEET_CPS`: calls per second. */
export const enum FleetRate {
    Default = 16,
    Min = 0.001,
    Max = 100_000,
}

export const enum LoadFactor {
    Default = 1,
    Min = 0.001,
    Max = 1000,
}

export const enum TokenDays {
    Default = 90,
    Min = 1,
    Max = 365,
}
