// Counts registration records without keeping them.
import type { RegistrationRecord } from "../azure/index.js"

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** A record whose last update is later than this after its creation belongs to a board that registered again. */
const FIRST_REGISTRATION_MS = 120_000
/** Number of different failures that are counted separately. Further failures are counted together. */
const FAILURES_MAX = 50
const MESSAGE_MAX_CHARS = 200

/** A reason for failed registrations, with the number of devices. */
export interface Failure {
    /** Error code of DPS; null if the record has none. */
    errorCode: number | null
    errorMessage: string
    devices: number
    /** Registration ID of one of the devices. */
    example: string
}

function increment(counts: Map<string, number>, key: string): void {
    counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Replaces tracking IDs and times, so that equal failures have equal messages. */
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
        increment(this.statuses, status)
    }
}

/** The registrations of a DPS instance. */
export class RegistrationTally {
    readonly all = new GroupTally()
    readonly hubs = new Map<string, number>()
    /** First registrations per hour. */
    readonly first: number[]
    /** Boards per hour whose latest registration was in this hour and was not their first. */
    readonly again: number[]
    private readonly failuresByKey = new Map<string, Failure>()
    private readonly otherFailures: Failure = {
        errorCode: null,
        errorMessage: "(other failures)",
        devices: 0,
        example: "",
    }

    /**
     * @param fromMs start of the first hour
     * @param hours number of hours to count
     */
    constructor(
        private readonly fromMs: number,
        hours: number
    ) {
        this.first = new Array<number>(hours).fill(0)
        this.again = new Array<number>(hours).fill(0)
    }

    /** Adds a record to the sums and to the sums of its group. */
    add(record: RegistrationRecord, group: GroupTally): void {
        group.add(record)
        this.all.add(record)
        if (record.assignedHub) increment(this.hubs, record.assignedHub)
        if (record.status === "failed" || record.errorCode !== undefined) this.addFailure(record)
        const { createdMs, updatedMs } = record
        this.addHour(this.first, createdMs)
        if (updatedMs - createdMs > FIRST_REGISTRATION_MS) this.addHour(this.again, updatedMs)
    }

    /** The failures, most frequent first. */
    get failures(): Failure[] {
        const other = this.otherFailures.devices > 0 ? [this.otherFailures] : []
        return [...this.failuresByKey.values(), ...other].sort((a, b) => b.devices - a.devices)
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
        const counted = failure ?? this.otherFailures
        counted.devices++
        if (counted === this.otherFailures) counted.example ||= registrationId
    }
}
