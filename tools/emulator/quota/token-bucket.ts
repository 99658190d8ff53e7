import type { Clock } from "@moorage/runtime"

/** So many calls in so long. */
export interface Rate {
    calls: number
    perSec: number
}

/** A token, but for what adding fractions loses. */
const ONE_TOKEN = 1 - 1e-9

/** A token bucket: full at first, refilled evenly; what it has not, it refuses. */
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

    /** Takes one token. @returns 0, or the seconds until there is one */
    take(): number {
        this.refill()
        if (this.tokens >= ONE_TOKEN) {
            this.tokens = Math.max(0, this.tokens - 1)
            return 0
        }
        return this.dueSec
    }

    /** Takes one token, in advance if need be. @returns the seconds until it is due, 0 for now */
    reserve(): number {
        const waitSec = this.take()
        if (waitSec > 0) this.tokens--
        return waitSec
    }

    /** Seconds until the next token is due. */
    get dueSec(): number {
        this.refill()
        return this.tokens >= ONE_TOKEN ? 0 : ((1 - this.tokens) * this.rate.perSec) / this.rate.calls
    }

    /** Whether nothing has been taken that is not refilled: such a bucket can be forgotten. */
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

/** How many buckets are kept before the full ones are swept out. */
const SWEEP_AT = 10_000

/** A bucket for each device. */
export class DeviceBuckets {
    private readonly buckets = new Map<string, TokenBucket>()

    constructor(
        private readonly rate: Rate,
        private readonly clock: Clock
    ) {}

    /** As {@link TokenBucket.take}, for one device. */
    take(id: string): number {
        let bucket = this.buckets.get(id)
        if (!bucket) {
            if (this.buckets.size >= SWEEP_AT) this.sweep()
            bucket = new TokenBucket(this.rate, this.clock)
            this.buckets.set(id, bucket)
        }
        return bucket.take()
    }

    private sweep(): void {
        for (const [id, bucket] of this.buckets) if (bucket.isFull) this.buckets.delete(id)
    }
}
