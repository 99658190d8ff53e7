// Sums over registration records, record by record: nothing of a record is kept but what it adds to.
import type { RegistrationRecord } from "../azure/index.js"

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** A record that was last updated so much after it was made is of a board that registered again. */
const AGAIN_MS = 120_000
/** Of failures that differ; what is beyond is counted as one. */
const FAILURES_MAX = 50
const MESSAGE_MAX_CHARS = 200

/** Why registrations failed, and how many. */
export interface Failure {
    /** Of DPS; none when the record has none. */
    errorCode: number | null
    errorMessage: string
    devices: number
    /** One of them. */
    example: string
}

/** Adds to a count. */
export function add(counts: Map<string, number>, key: string, n = 1): void {
    counts.set(key, (counts.get(key) ?? 0) + n)
}

/** A message without what differs each time, so that like is counted with like. */
function normalizeMessage(message: string): string {
    return message
        .replace(/\b[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\b/gi, "*")
        .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, "*")
        .slice(0, MESSAGE_MAX_CHARS)
}

/** The registrations of one enrollment group, or of all individual enrollments. */
export class GroupTally {
    total = 0
    readonly statuses = new Map<string, number>()

    add({ status }: RegistrationRecord): void {
        this.total++
        add(this.statuses, status)
    }
}

/** All registrations of a DPS instance. */
export class RegistrationTally {
    readonly all = new GroupTally()
    readonly hubs = new Map<string, number>()
    readonly first: number[]
    readonly again: number[]
    private readonly failuresByKey = new Map<string, Failure>()
    private readonly rest: Failure = {
        errorCode: null,
        errorMessage: "(other failures)",
        devices: 0,
        example: "",
    }

    /** @param fromMs start of the hour that is counted first */
    constructor(
        private readonly fromMs: number,
        hours: number
    ) {
        this.first = new Array<number>(hours).fill(0)
        this.again = new Array<number>(hours).fill(0)
    }

    add(record: RegistrationRecord, group: GroupTally): void {
        group.add(record)
        this.all.add(record)
        if (record.assignedHub) add(this.hubs, record.assignedHub)
        if (record.status === "failed" || record.errorCode !== undefined) this.addFailure(record)
        const { createdMs, updatedMs } = record
        this.addHour(this.first, createdMs)
        if (updatedMs - createdMs > AGAIN_MS) this.addHour(this.again, updatedMs)
    }

    /** Most frequent first. */
    get failures(): Failure[] {
        const all = [...this.failuresByKey.values(), ...(this.rest.devices > 0 ? [this.rest] : [])]
        return all.sort((a, b) => b.devices - a.devices)
    }

    private addHour(counts: number[], ms: number): void {
        const hour = Math.floor((ms - this.fromMs) / HOUR_MS)
        if (hour >= 0 && hour < counts.length) counts[hour]++
    }

    private addFailure({ errorCode, errorMessage = "", registrationId }: RegistrationRecord): void {
        const message = normalizeMessage(errorMessage)
        const key = `${errorCode} ${message}`
        let failure = this.failuresByKey.get(key)
        if (!failure && this.failuresByKey.size < FAILURES_MAX) {
            failure = {
                errorCode: errorCode ?? null,
                errorMessage: message,
                devices: 0,
                example: registrationId,
            }
            this.failuresByKey.set(key, failure)
        }
        const counted = failure ?? this.rest
        counted.devices++
        if (counted === this.rest) counted.example ||= registrationId
    }
}
