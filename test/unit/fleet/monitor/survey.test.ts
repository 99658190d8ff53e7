// Tests the survey of the monitor: counts of registration records, and the calls to DPS.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Emulator, type EmulatorOptions, startEmulator } from "@moorage/emulator"
import { realClock, realRandom } from "@moorage/runtime"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { cardOf } from "../../../../tools/cli/emulate/connection-card.js"
import type { RegistrationRecord } from "../../../../tools/fleet/azure/index.js"
import {
    CloudError,
    resolveCloudSettings,
    openServices,
    type Services,
} from "../../../../tools/fleet/azure/index.js"
import { survey } from "../../../../tools/fleet/monitor/index.js"
import { GroupTally, HOUR_MS, RegistrationTally } from "../../../../tools/fleet/monitor/registration-tally.js"
import { registrationRecords } from "../../../helpers/registration-records.js"

const FROM_MS = Date.UTC(2026, 10, 20)

function record(more: Partial<RegistrationRecord> = {}): RegistrationRecord {
    const times = { createdMs: FROM_MS, updatedMs: FROM_MS }
    return { registrationId: "b", status: "assigned", assignedHub: "east", ...times, ...more }
}

function tallyOf(records: RegistrationRecord[]): RegistrationTally {
    const tally = new RegistrationTally(FROM_MS, 48)
    for (const each of records) tally.add(each, new GroupTally())
    return tally
}

describe("the tally of a record", () => {
    test("counts the hour of the first and of a later registration", () => {
        const createdMs = FROM_MS + 2 * HOUR_MS
        const { first, again } = tallyOf([
            record({ createdMs, updatedMs: createdMs + 3000 }),
            record({ createdMs, updatedMs: createdMs + 5 * HOUR_MS }),
        ])
        expect(first[2]).toBe(2)
        expect(again.flatMap((n, hour) => (n > 0 ? [[hour, n]] : []))).toEqual([[7, 1]])
    })

    test("counts no hour for times outside the period and for missing times", () => {
        const { first, again, all } = tallyOf([
            record({ createdMs: FROM_MS - 1, updatedMs: FROM_MS - 1 }),
            record({ createdMs: FROM_MS + 48 * HOUR_MS, updatedMs: FROM_MS + 48 * HOUR_MS }),
            record({ createdMs: NaN, updatedMs: NaN }),
        ])
        expect([...first, ...again].every(n => n === 0)).toBe(true)
        expect(all.total).toBe(3)
    })

    test("counts equal failures together, without tracking IDs and times", () => {
        const failed = (errorMessage: string) =>
            record({ status: "failed", errorCode: 400207, errorMessage, assignedHub: undefined })
        const { failures } = tallyOf([
            failed(
                "webhook said no, tracking 8ad0463c-6427-4479-9dfa-3e8bb7003e9b at 2020-04-10T05:24:22.4Z"
            ),
            failed(
                "webhook said no, tracking 0000463c-6427-4479-9dfa-3e8bb7003e9b at 2021-04-10T05:24:22.4Z"
            ),
            failed("no answer"),
        ])
        expect(failures).toMatchObject([
            { errorCode: 400207, errorMessage: "webhook said no, tracking * at *", devices: 2 },
            { errorMessage: "no answer", devices: 1, example: "b" },
        ])
    })

    test("limits the number of different failures", () => {
        const records = Array.from({ length: 500 }, (_, i) =>
            record({ status: "failed", errorCode: i, registrationId: `b-${i}` })
        )
        const { failures } = tallyOf(records)
        expect(failures).toHaveLength(51)
        expect(failures[0]).toMatchObject({ errorMessage: "(other failures)", devices: 450, example: "b-50" })
    })
})

describe("a survey", () => {
    const GROUP = { primaryKey: Buffer.alloc(64, 3).toString("base64") }
    let dir: string
    let emulator: Emulator | undefined
    let services: Services | undefined
    beforeEach(() => {
        dir = mkdtempSync(join(tmpdir(), "moorage-monitor-"))
    })
    afterEach(async () => {
        services?.close()
        await emulator?.close()
        rmSync(dir, { recursive: true, force: true })
    })

    async function open(options: EmulatorOptions) {
        emulator = await startEmulator({ quotas: { dpsOperations: null }, ...options })
        writeFileSync(join(dir, "ca.pem"), emulator.ca)
        const profile = join(dir, "card.json")
        writeFileSync(profile, JSON.stringify(cardOf(emulator, "127.0.0.1", join(dir, "ca.pem"))))
        services = openServices(resolveCloudSettings({ profile }, {}), {
            clock: realClock,
            random: realRandom,
            dpsPerSec: Infinity,
            giveUpAfterSec: 1,
        })
        if (!services.dps) throw new Error("the card has no DPS")
        return services.dps
    }

    const options = { clock: realClock, days: 5, lookUpMax: 1000 }
    const individual = (registrationId: string, more = {}) => ({ registrationId, ...GROUP, ...more })

    test("sums up every page of every group", async () => {
        const dps = await open({
            enrollmentGroups: [
                { enrollmentGroupId: "line-7", ...GROUP },
                { enrollmentGroupId: "line-8", ...GROUP, provisioningStatus: "disabled" },
                { enrollmentGroupId: "empty", ...GROUP },
            ],
            snapshot: new Map([
                ...registrationRecords({ groupId: "line-7", count: 2500, nowMs: realClock.nowMs() }),
                ...registrationRecords({ groupId: "line-8", count: 30, nowMs: realClock.nowMs() }),
            ]),
        })
        const found = await survey(dps, options)
        expect(found.registered).toBe(emulator?.cloud.dps.registrationCount)
        expect(found.groups.map(({ id, isEnabled, registered }) => [id, isEnabled, registered])).toEqual([
            ["empty", true, 0],
            ["line-7", true, 2500],
            ["line-8", false, 30],
        ])
        const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0)
        expect(sum(found.statuses)).toBe(2530)
        expect(found.statuses.failed).toBeGreaterThan(0)
        expect(found.failures[0]).toMatchObject({ errorCode: 400207, devices: found.statuses.failed })
        const onHubs = found.hubs.reduce((total, { devices }) => total + devices, 0)
        expect(onHubs).toBe(found.statuses.assigned)
        expect(found.hubs.reduce((total, { share }) => total + share, 0)).toBeCloseTo(1)
        const registered = found.rate.byDay.reduce((total, { first }) => total + first, 0)
        expect(registered).toBe(2530)
        // One call for the groups, three for line-7, one for each other group, and one for the individual enrollments.
        expect(found.calls).toBe(1 + 3 + 2 + 1)
    })

    test("looks up individual enrollments up to the limit", async () => {
        const dps = await open({
            enrollments: ["a", "b", "c"].map((id, i) =>
                individual(id, i === 0 ? { provisioningStatus: "disabled" } : {})
            ),
            snapshot: new Map([...registrationRecords({ ids: ["a", "b"], nowMs: realClock.nowMs() })]),
        })
        const all = await survey(dps, options)
        expect(all.individuals).toMatchObject({
            enrollments: 3,
            disabled: 1,
            disabledIds: ["a"],
            lookedUp: 3,
            registered: 2,
        })
        expect(all.registered).toBe(2)
        const some = await survey(dps, { ...options, lookUpMax: 1 })
        expect(some.individuals).toMatchObject({ enrollments: 3, lookedUp: 1, registered: 1 })
    })

    test("fails if one page cannot be read", async () => {
        const dps = await open({
            enrollmentGroups: [{ enrollmentGroupId: "line-7", ...GROUP }],
            snapshot: new Map(
                registrationRecords({ groupId: "line-7", count: 2500, nowMs: realClock.nowMs() })
            ),
        })
        let requests = 0
        emulator?.cloud.faultRules.clear()
        if (emulator) emulator.cloud.faultOverride = () => (++requests > 2 ? { status: 503 } : undefined)
        const error = await survey(dps, options).catch((failure: unknown) => failure)
        expect(error).toBeInstanceOf(CloudError)
        expect(error).toMatchObject({ kind: "unavailable", status: 503 })
    })
})
