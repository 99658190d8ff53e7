import type { Clock } from "@moorage/runtime"

/** A number of calls per time. */
export interface Rate {
    calls: number
    perSec: number
}

/** One token, minus the rounding error of adding fractions. */
const ONE_TOKEN = 1 - 1e-9

/** A token bucket: it starts full and is refilled at a constant rate. */
export class TokenBucket {
    private tokens: number
    private filledAtMs: number

    constructor(
        private readonly rate: Rate,
        private readonly clock: Clock
    ) {
        this.tokens = rate.calls
        this.filledAtMs = clock.nowMs()
    }

    /** Takes one token if one is available. @returns 0, or the seconds until a token is available */
    take(): number {
        this.refill()
        if (this.tokens >= ONE_TOKEN) {
            this.tokens = Math.max(0, this.tokens - 1)
            return 0
        }
        return this.dueSec
    }

    /** Takes one token, if necessary in advance. @returns the seconds until the token is available */
    reserve(): number {
        const waitSec = this.take()
        if (waitSec > 0) this.tokens--
        return waitSec
    }

    /** Seconds until the next token is available. */
    get dueSec(): number {
        this.refill()
        return this.tokens >= ONE_TOKEN ? 0 : ((1 - this.tokens) * this.rate.perSec) / this.rate.calls
    }

    /** Whether all tokens are refilled. A full bucket equals a new one. */
    get isFull(): boolean {
        this.refill()
        return this.tokens >= this.rate.calls
    }

    private refill(): void {
        const nowMs = this.clock.nowMs()
        const refilled = ((nowMs - this.filledAtMs) / 1000 / this.rate.perSec) * this.rate.calls
        this.tokens = Math.min(this.rate.calls, this.tokens + refilled)
        this.filledAtMs = nowMs
    }
}

/** The number of buckets at which the full buckets are deleted. */
const SWEEP_AT = 10_000

/** One bucket per device. */
export class DeviceBuckets {
    private readonly buckets = new Map<string, TokenBucket>()

    constructor(
        private readonly rate: Rate,
        private readonly clock: Clock
    ) {}

    /** Takes one token of one device. @returns as {@link TokenBucket.take} */
    take(id: string): number {
        let bucket = this.buckets.get(id)
        if (!bucket) {
            if (this.buckets.size >= SWEEP_AT) this.deleteFull()
            bucket = new TokenBucket(this.rate, this.clock)
            this.buckets.set(id, bucket)
        }
        return bucket.take()
    }

    private deleteFull(): void {
        for (const [id, bucket] of this.buckets) if (bucket.isFull) this.buckets.delete(id)
    }
}
