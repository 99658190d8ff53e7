// Creates registration records in the stored form of an emulator, without registering devices.

const HOUR_MS = 3_600_000
/** One of this number of records has failed. */
const RECORDS_PER_FAILURE = 100

export interface RegistrationRecordOptions {
    /** Undefined for individual enrollments. */
    groupId?: string
    /** Number of records whose IDs are generated from the group ID. */
    count?: number
    ids?: string[]
    /** Time of the latest record. The other records are spread over the four days before. */
    nowMs: number
    hubs?: string[]
}

const HUBS = ["hub-1.azure-devices.net", "hub-2.azure-devices.net"]

/** UTC with seven fractional digits, as DPS writes it. */
const timestamp = (ms: number) => `${new Date(ms).toISOString().slice(0, -1)}0000Z`

/** Yields the entries of a state snapshot (CloudOptions.snapshot): key and record. */
export function* registrationRecords(options: RegistrationRecordOptions): Generator<[string, unknown]> {
    const { groupId, count = 0, nowMs, hubs = HUBS } = options
    const ids =
        options.ids ?? Array.from({ length: count }, (_, i) => `${groupId}-${String(i).padStart(7, "0")}`)
    const times = Array.from({ length: 96 }, (_, hour) => timestamp(nowMs - hour * HOUR_MS))
    for (const [i, registrationId] of ids.entries()) {
        const isFailed = i % RECORDS_PER_FAILURE === RECORDS_PER_FAILURE - 1
        const time = times[i % times.length]
        const outcome = isFailed
            ? { status: "failed", errorCode: 400207, errorMessage: "Custom allocation failed" }
            : {
                  assignedHub: hubs[i % hubs.length],
                  deviceId: registrationId,
                  status: "assigned",
                  substatus: "initialAssignment",
              }
        const state = {
            registrationId,
            createdDateTimeUtc: time,
            ...outcome,
            lastUpdatedDateTimeUtc: time,
            etag: "IjY5MDAzNTUyLTAwMDAtMDMwMC0wMDAwLTYzMGZkYThhMDAwMCI=",
        }
        yield [`registration/${registrationId}`, { state, enrollmentGroupId: groupId, pastHubs: [] }]
    }
}
