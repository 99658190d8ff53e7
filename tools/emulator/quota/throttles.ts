import type { Clock } from "@moorage/runtime"
import { TokenBucket, DeviceBuckets, type Rate } from "./token-bucket.js"
import type { Quotas } from "./quotas.js"

const bucket = (rate: Rate | null, clock: Clock) => (rate ? new TokenBucket(rate, clock) : undefined)

/** What DPS lets through. A call that is refused takes nothing from the other limits. */
export class DpsThrottle {
    private operations: TokenBucket | undefined
    private registrations: TokenBucket | undefined
    private polls: DeviceBuckets | undefined

    constructor(
        quotas: Quotas,
        private readonly clock: Clock
    ) {
        this.setQuotas(quotas)
    }

    /** Limits from now on, with nothing taken yet. */
    setQuotas(quotas: Quotas): void {
        const { clock } = this
        this.operations = bucket(quotas.dpsOperations, clock)
        this.registrations = bucket(quotas.dpsRegistrations, clock)
        this.polls = quotas.dpsPollsPerDevice ? new DeviceBuckets(quotas.dpsPollsPerDevice, clock) : undefined
    }

    /** @returns whole seconds to wait, for `retry-after`; 0 lets the call through */
    register(): number {
        return Math.ceil(this.registrations?.take() ?? 0)
    }

    /** Polls have a limit of their own, for each device (azure-iot-sdk-c PR#1703). */
    poll(registrationId: string): number {
        return Math.ceil(this.polls?.take(registrationId) ?? 0)
    }

    /** Every other operation. */
    operate(): number {
        return Math.ceil(this.operations?.take() ?? 0)
    }
}

/** A hub over its rate lets CONNECTs queue this long before it closes them; the SDKs wait as long for CONNACK. */
const QUEUE_MAX_SEC = 60

/** What a hub lets through: first late, then not at all (facts 4, "Traffic shaping"). */
export class HubThrottle {
    private connects: TokenBucket | undefined
    private telemetry: TokenBucket | undefined
    private dailyMax = Infinity
    private day = 0
    private messagesToday = 0

    constructor(
        quotas: Quotas,
        private readonly clock: Clock
    ) {
        this.setQuotas(quotas)
    }

    /** Limits from now on, with nothing taken yet but what the day has cost. */
    setQuotas(quotas: Quotas): void {
        this.connects = bucket(quotas.hubConnects, this.clock)
        this.telemetry = bucket(quotas.hubTelemetry, this.clock)
        this.dailyMax = quotas.hubDailyMessages ?? Infinity
    }

    /** @returns seconds until the CONNACK may go, or undefined when the connection is to be closed */
    connect(): number | undefined {
        return reserveWithin(this.connects)
    }

    /** @returns seconds until the PUBACK may go, or undefined when the connection is to be closed */
    publish(): number | undefined {
        return reserveWithin(this.telemetry)
    }

    /** Whether the day's quota is spent: devices may connect, and are then closed (facts 5.2). */
    get isSpent(): boolean {
        const day = Math.floor(this.clock.nowMs() / DAY_MS)
        if (day !== this.day) this.messagesToday = 0
        this.day = day
        return this.messagesToday >= this.dailyMax
    }

    /** Counts a message. @returns false when the day's quota is spent */
    meter(bytes: number): boolean {
        if (this.isSpent) return false
        this.messagesToday += Math.max(1, Math.ceil(bytes / METER_BYTES))
        return true
    }
}

/** The meter of an S1 hub: every 4 KB begun are a message. */
const METER_BYTES = 4096
const DAY_MS = 86_400_000

function reserveWithin(bucket: TokenBucket | undefined): number | undefined {
    if (!bucket) return 0
    if (bucket.dueSec > QUEUE_MAX_SEC) return undefined
    return bucket.reserve()
}
