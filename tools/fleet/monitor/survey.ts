// How a fleet stands, as DPS knows it: every enrollment group and individual enrollment asked, summed up
// (seed, "Monitoring devices").
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
    /** Registrations by their status. */
    statuses: Record<string, number>
}

export interface HourSurvey {
    /** Its start. */
    utc: string
    /** Boards that registered for the first time. */
    first: number
    /** Boards whose latest registration, not their first, was in this hour. */
    again: number
}

/** Everything of it is a sum: it is as small for a million boards as for ten. */
export interface Survey {
    dps: string
    utc: string
    tookSec: number
    /** Calls to DPS, and how many of them it throttled. */
    calls: number
    throttled: number
    registered: number
    statuses: Record<string, number>
    groups: GroupSurvey[]
    individuals: {
        enrollments: number
        disabled: number
        /** The first of these that are disabled. */
        disabledIds: string[]
        /** How many were asked for; a call each. */
        lookedUp: number
        registered: number
        statuses: Record<string, number>
    }
    hubs: { hostName: string; devices: number; share: number }[]
    failures: Failure[]
    /** Registrations over time, from the two times that each record keeps: approximate. */
    rate: { days: number; fromUtc: string; isApproximate: true; hours: HourSurvey[]; byDay: HourSurvey[] }
}

export interface SurveyOptions {
    clock: Clock
    /** UTC days to look back, the present one included. */
    days: number
    /** Individual enrollments whose registration is looked up, a call each. */
    lookUpMax: number
    /** Called with what was counted so far. */
    onProgress?: (registered: number, calls: number) => void
}

/** Groups asked at once: pages of one group come one after another. */
const GROUPS_AT_ONCE = 4
const LOOK_UPS_AT_ONCE = 16
const DISABLED_IDS_MAX = 20

const sorted = (counts: Map<string, number>) =>
    Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))

const isoOf = (ms: number) => new Date(ms).toISOString()

async function askGroups(dps: DpsApi, tally: RegistrationTally, told: () => void): Promise<GroupSurvey[]> {
    const groups: GroupSurvey[] = []
    await forEachConcurrent(
        flattenPages(dps.groups()),
        GROUPS_AT_ONCE,
        async ({ id, isEnabled, allocationPolicy }) => {
            const group = new GroupTally()
            for await (const page of dps.registrations(id)) {
                for (const record of page) tally.add(record, group)
                told()
            }
            groups.push({
                id,
                isEnabled,
                allocationPolicy: allocationPolicy ?? null,
                registered: group.total,
                statuses: sorted(group.statuses),
            })
        }
    )
    return groups.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** A query of enrollments tells nothing of their registrations (facts 7): each is asked for by itself. */
async function askIndividuals(
    dps: DpsApi,
    tally: RegistrationTally,
    lookUpMax: number,
    told: () => void
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
        told()
    }
    await forEachConcurrent(flattenPages(dps.individuals()), LOOK_UPS_AT_ONCE, lookUp)
    const { total: registered, statuses } = group
    return { enrollments, disabled, disabledIds, lookedUp, registered, statuses: sorted(statuses) }
}

function rateOf(tally: RegistrationTally, fromMs: number, nowMs: number, days: number): Survey["rate"] {
    const past = Math.floor((nowMs - fromMs) / HOUR_MS) + 1
    const hours = tally.first.slice(0, past).map((first, i) => ({
        utc: isoOf(fromMs + i * HOUR_MS),
        first,
        again: tally.again[i],
    }))
    const byDay = Array.from({ length: days }, (_, day) => {
        const part = hours.slice(day * 24, (day + 1) * 24)
        const sum = (of: "first" | "again") => part.reduce((total, hour) => total + hour[of], 0)
        return { utc: isoOf(fromMs + day * DAY_MS), first: sum("first"), again: sum("again") }
    })
    return { days, fromUtc: isoOf(fromMs), isApproximate: true, hours, byDay }
}

/**
 * Asks DPS for all of it, page by page, in bounded memory. All or nothing: half a sum would be a wrong one.
 * @throws CloudError; what the services' signal was aborted with
 */
export async function survey(dps: DpsApi, options: SurveyOptions): Promise<Survey> {
    const { clock, days, lookUpMax, onProgress } = options
    const { client } = dps
    const startMs = clock.nowMs()
    const before = { calls: client.calls, throttled: client.throttled }
    const fromMs = Math.floor(startMs / DAY_MS) * DAY_MS - (days - 1) * DAY_MS
    const tally = new RegistrationTally(fromMs, days * 24)
    const told = () => onProgress?.(tally.all.total, client.calls - before.calls)
    const groups = await askGroups(dps, tally, told)
    const individuals = await askIndividuals(dps, tally, lookUpMax, told)
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
        statuses: sorted(tally.all.statuses),
        groups,
        individuals,
        hubs,
        failures: tally.failures,
        rate: rateOf(tally, fromMs, startMs, days),
    }
}
