// The quotas of the services and the throttles that enforce them.
import type { Clock } from "@moorage/runtime"
import { TokenBucket, DeviceBuckets, type Rate } from "./token-bucket.js"
import type { Quotas } from "./documented-quotas.js"

const newBucket = (rate: Rate | null, clock: Clock) => (rate ? new TokenBucket(rate, clock) : undefined)

/** The throttles of DPS. A refused call does not count against the other throttles. */
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

    /** Replaces the limits. Earlier calls do not count against the new limits. */
    setQuotas(quotas: Quotas): void {
        const { clock } = this
        this.operations = newBucket(quotas.dpsOperations, clock)
        this.registrations = newBucket(quotas.dpsRegistrations, clock)
        this.polls = quotas.dpsPollsPerDevice ? new DeviceBuckets(quotas.dpsPollsPerDevice, clock) : undefined
    }

    /** Counts a registration. @returns `retry-after` in whole seconds, or 0 if the call is permitted */
    register(): number {
        return Math.ceil(this.registrations?.take() ?? 0)
    }

    /** Counts a status poll, which has a limit per device (azure-iot-sdk-c PR#1703). @returns as {@link register} */
    poll(registrationId: string): number {
        return Math.ceil(this.polls?.take(registrationId) ?? 0)
    }

    /** Counts any other operation. @returns as {@link register} */
    operate(): number {
        return Math.ceil(this.operations?.take() ?? 0)
    }
}

/** The longest delay of an answer when a hub is over its rate. The SDKs wait this time for CONNACK. */
const QUEUE_MAX_SEC = 60

/** The throttles of a hub, which first delays and then refuses (protocol-facts.md, 4, "Traffic shaping"). */
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

    /** Replaces the limits. Of earlier traffic, only the messages of the day count against the new limits. */
    setQuotas(quotas: Quotas): void {
        this.connects = newBucket(quotas.hubConnects, this.clock)
        this.telemetry = newBucket(quotas.hubTelemetry, this.clock)
        this.dailyMax = quotas.hubDailyMessages ?? Infinity
    }

    /** Counts a CONNECT. @returns the delay of the CONNACK in seconds, or undefined if the hub closes the connection */
    connect(): number | undefined {
        return reserveWithin(this.connects)
    }

    /** Counts a PUBLISH. @returns the delay of the PUBACK in seconds, or undefined if the hub closes the connection */
    publish(): number | undefined {
        return reserveWithin(this.telemetry)
    }

    /** Whether the daily quota is used up. The hub then closes each connection after CONNACK (protocol-facts.md, 5.2). */
    get isSpent(): boolean {
        const day = Math.floor(this.clock.nowMs() / DAY_MS)
        if (day !== this.day) this.messagesToday = 0
        this.day = day
        return this.messagesToday >= this.dailyMax
    }

    /** Counts a message of `bytes` bytes. @returns false if the daily quota is used up */
    meter(bytes: number): boolean {
        if (this.isSpent) return false
        this.messagesToday += Math.max(1, Math.ceil(bytes / METER_BYTES))
        return true
    }
}

/** The unit in which an S1 hub counts messages: each started 4 KB count as one message. */
const METER_BYTES = 4096
const DAY_MS = 86_400_000

/** Takes a token. @returns the wait in seconds, or undefined if it is longer than a hub permits */
function reserveWithin(bucket: TokenBucket | undefined): number | undefined {
    if (!bucket) return 0
    if (bucket.dueSec > QUEUE_MAX_SEC) return undefined
    return bucket.reserve()
}
