import type { Rate } from "./token-bucket.js"

/** The throttles of the emulated services. Null turns a throttle off. */
export interface Quotas {
    /** DPS: device registrations. */
    dpsRegistrations: Rate | null
    /** DPS: operation status requests of one device. */
    dpsPollsPerDevice: Rate | null
    /** DPS: all operations of the device API and of the service API. */
    dpsOperations: Rate | null
    /** One hub: new connections. */
    hubConnects: Rate | null
    /** One hub: device-to-cloud messages. */
    hubTelemetry: Rate | null
    /** One hub: messages per UTC day. Each 4 KB of a message count as one message. */
    hubDailyMessages: number | null
}

/**
 * The documented quotas of DPS (azure-docs `iot-dps-limits`, 2024-03) and of one S1 unit of IoT Hub (Microsoft, "IoT Hub
 * quotas and throttling"). See protocol-facts.md, 4.
 */
export const DOCUMENTED_QUOTAS: Quotas = {
    dpsRegistrations: { calls: 1000, perSec: 60 },
    dpsPollsPerDevice: { calls: 5, perSec: 10 },
    dpsOperations: { calls: 1000, perSec: 60 },
    hubConnects: { calls: 100, perSec: 1 },
    hubTelemetry: { calls: 100, perSec: 1 },
    hubDailyMessages: 400_000,
}
