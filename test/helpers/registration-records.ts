// Registration records as an emulator keeps them, made without a million registrations.

const HOUR_MS = 3_600_000
/** One in so many failed. */
const FAILED_EACH = 100

export interface RegistrationRecordOptions {
    /** None for individual enrollments. */
    groupId?: string
    /** IDs are made of the group's unless given. */
    count?: number
    ids?: string[]
    /** The youngest is of this hour, the others are spread over the hours of four days before. */
    nowMs: number
    hubs?: string[]
}

const HUBS = ["hub-1.azure-devices.net", "hub-2.azure-devices.net"]

/** UTC with seven fractional digits, as DPS writes it. */
const timestamp = (ms: number) => `${new Date(ms).toISOString().slice(0, -1)}0000Z`

/** What `kept` of CloudOptions is made of. */
export function* registrationRecords(made: RegistrationRecordOptions): Generator<[string, unknown]> {
    const { groupId, count = 0, nowMs, hubs = HUBS } = made
    const ids =
        made.ids ?? Array.from({ length: count }, (_, i) => `${groupId}-${String(i).padStart(7, "0")}`)
    const times = Array.from({ length: 96 }, (_, hour) => timestamp(nowMs - hour * HOUR_MS))
    for (const [i, registrationId] of ids.entries()) {
        const isFailed = i % FAILED_EACH === FAILED_EACH - 1
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
