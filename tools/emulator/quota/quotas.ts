import type { Rate } from "./token-bucket.js"

/** Throttles of the emulated services; null turns one off. */
export interface Quotas {
    /** DPS: device registrations. */
    dpsRegistrations: Rate | null
    /** DPS: operation status of one device. */
    dpsPollsPerDevice: Rate | null
    /** DPS: all operations of the device and the service API. */
    dpsOperations: Rate | null
    /** One hub: new connections. */
    hubConnects: Rate | null
    /** One hub: device-to-cloud messages. */
    hubTelemetry: Rate | null
    /** One hub: messages of a UTC day, metered by 4 KB; null for no limit. */
    hubDailyMessages: number | null
}

/**
 * The documented figures: DPS as in azure-docs `iot-dps-limits` (2024-03), one S1 unit of IoT Hub as in
 * "IoT Hub quotas and throttling".
 */
export const DOCUMENTED_QUOTAS: Quotas = {
    dpsRegistrations: { calls: 1000, perSec: 60 },
    dpsPollsPerDevice: { calls: 5, perSec: 10 },
    dpsOperations: { calls: 1000, perSec: 60 },
    hubConnects: { calls: 100, perSec: 1 },
    hubTelemetry: { calls: 100, perSec: 1 },
    hubDailyMessages: 400_000,
}
