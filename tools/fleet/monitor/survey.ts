// Sums up the registrations of every enrollment group and of individual enrollments of a DPS instance (R41, R42).
import type { Clock } from "@moorage/runtime"
import type { DpsApi, EnrollmentRecord } from "../azure/index.js"
import { forEachConcurrent, flattenPages } from "../concurrency.js"
import { DAY_MS, type Failure, GroupTally, HOUR_MS, RegistrationTally } from "./registration-tally.js"

export type { Failure } from "./registration-tally.js"

export interface GroupSurvey {
    id: string
    isEnabled: boolean
    allocationPolicy: string | null
    registered: number
    /** Number of registrations by status. */
    statuses: Record<string, number>
}

export interface HourSurvey {
    /** Start of the hour. */
    utc: string
    /** Number of boards that registered for the first time. */
    first: number
    /** Number of boards whose latest registration was in this hour and was not their first. */
    again: number
}

/** The status of a fleet. Contains only sums, so its size does not depend on the number of boards. */
export interface Survey {
    dps: string
    utc: string
    tookSec: number
    /** Number of calls to DPS. `throttled` is the number of these calls that DPS throttled. */
    calls: number
    throttled: number
    registered: number
    statuses: Record<string, number>
    groups: GroupSurvey[]
    individuals: {
        enrollments: number
        disabled: number
        /** IDs of the first disabled enrollments. */
        disabledIds: string[]
        /** Number of enrollments whose registration was looked up, with one call each. */
        lookedUp: number
        registered: number
        statuses: Record<string, number>
    }
    hubs: { hostName: string; devices: number; share: number }[]
    failures: Failure[]
    /** Registrations over time (R43). Approximate, because a record has only two times (R44). */
    rate: { days: number; fromUtc: string; isApproximate: true; hours: HourSurvey[]; byDay: HourSurvey[] }
}

export interface SurveyOptions {
    clock: Clock
    /** Number of UTC days to count, including today. */
    days: number
    /** Maximum number of individual enrollments whose registration is looked up, with one call each. */
    lookUpMax: number
    /** Called with the current sums. */
    onProgress?: (registered: number, calls: number) => void
}

/** The pages of one group must be read one after another. */
const CONCURRENT_GROUPS = 4
const CONCURRENT_LOOKUPS = 16
const DISABLED_IDS_MAX = 20

const sortedByKey = (counts: Map<string, number>) =>
    Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))

const isoOf = (ms: number) => new Date(ms).toISOString()

async function surveyGroups(
    dps: DpsApi,
    tally: RegistrationTally,
    onCounted: () => void
): Promise<GroupSurvey[]> {
    const groups: GroupSurvey[] = []
    await forEachConcurrent(
        flattenPages(dps.groups()),
        CONCURRENT_GROUPS,
        async ({ id, isEnabled, allocationPolicy }) => {
            const group = new GroupTally()
            for await (const page of dps.registrations(id)) {
                for (const record of page) tally.add(record, group)
                onCounted()
            }
            groups.push({
                id,
                isEnabled,
                allocationPolicy: allocationPolicy ?? null,
                registered: group.total,
                statuses: sortedByKey(group.statuses),
            })
        }
    )
    return groups.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Looks up each registration, because the query of enrollments does not return registrations (protocol-facts.md, 7). */
async function surveyIndividuals(
    dps: DpsApi,
    tally: RegistrationTally,
    lookUpMax: number,
    onCounted: () => void
): Promise<Survey["individuals"]> {
    const group = new GroupTally()
    let enrollments = 0
    let disabled = 0
    let lookedUp = 0
    const disabledIds: string[] = []
    const lookUp = async ({ id, isEnabled }: EnrollmentRecord) => {
        enrollments++
        if (!isEnabled) {
            disabled++
            if (disabledIds.length < DISABLED_IDS_MAX) disabledIds.push(id)
        }
        if (lookedUp >= lookUpMax) return
        lookedUp++
        const record = await dps.registration(id)
        if (record) tally.add(record, group)
        onCounted()
    }
    await forEachConcurrent(flattenPages(dps.individuals()), CONCURRENT_LOOKUPS, lookUp)
    const { total: registered, statuses } = group
    return { enrollments, disabled, disabledIds, lookedUp, registered, statuses: sortedByKey(statuses) }
}

interface Period {
    fromMs: number
    nowMs: number
    days: number
}

function computeRate(tally: RegistrationTally, { fromMs, nowMs, days }: Period): Survey["rate"] {
    const pastHours = Math.floor((nowMs - fromMs) / HOUR_MS) + 1
    const hours = tally.first.slice(0, pastHours).map((first, i) => ({
        utc: isoOf(fromMs + i * HOUR_MS),
        first,
        again: tally.again[i],
    }))
    const byDay = Array.from({ length: days }, (_, day) => {
        const dayHours = hours.slice(day * 24, (day + 1) * 24)
        const sum = (kind: "first" | "again") => dayHours.reduce((total, hour) => total + hour[kind], 0)
        return { utc: isoOf(fromMs + day * DAY_MS), first: sum("first"), again: sum("again") }
    })
    return { days, fromUtc: isoOf(fromMs), isApproximate: true, hours, byDay }
}

/**
 * Reads all registrations page by page, in bounded memory. Fails instead of returning a partial sum.
 * @throws CloudError; the reason of the aborted signal
 */
export async function survey(dps: DpsApi, options: SurveyOptions): Promise<Survey> {
    const { clock, days, lookUpMax, onProgress } = options
    const { client } = dps
    const startMs = clock.nowMs()
    const before = { calls: client.calls, throttled: client.throttled }
    const fromMs = Math.floor(startMs / DAY_MS) * DAY_MS - (days - 1) * DAY_MS
    const tally = new RegistrationTally(fromMs, days * 24)
    const onCounted = () => onProgress?.(tally.all.total, client.calls - before.calls)
    const groups = await surveyGroups(dps, tally, onCounted)
    const individuals = await surveyIndividuals(dps, tally, lookUpMax, onCounted)
    const assigned = [...tally.hubs.values()].reduce((sum, n) => sum + n, 0)
    const hubs = [...tally.hubs]
        .map(([hostName, devices]) => ({ hostName, devices, share: devices / assigned }))
        .sort((a, b) => b.devices - a.devices)
    return {
        dps: dps.hostName,
        utc: isoOf(startMs),
        tookSec: (clock.nowMs() - startMs) / 1000,
        calls: client.calls - before.calls,
        throttled: client.throttled - before.throttled,
        registered: tally.all.total,
        statuses: sortedByKey(tally.all.statuses),
        groups,
        individuals,
        hubs,
        failures: tally.failures,
        rate: computeRate(tally, { fromMs, nowMs: startMs, days }),
    }
}
