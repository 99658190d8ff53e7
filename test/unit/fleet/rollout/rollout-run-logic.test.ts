// A running roll-out against an emulator. The test controls the clock of the roll-out and registers the boards.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Emulator, type EmulatorOptions, startEmulator } from "@moorage/emulator"
import { ManualClock, realClock, realRandom } from "@moorage/runtime"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { cardOf } from "../../../../tools/cli/emulate/connection-card.js"
import type { Card } from "../../../../tools/cli/emulate/connection-card.js"
import {
    CloudError,
    resolveCloudSettings,
    type DpsApi,
    openServices,
    type Services,
    wait,
} from "../../../../tools/fleet/azure/index.js"
import { JournalError } from "../../../../tools/files/journal.js"
import {
    ALL_HOURS,
    type LoadedPlan,
    makeRolloutPlan,
    type OpenBatch,
    type RolloutEvent,
    RolloutRun,
    RolloutState,
    type RolloutRules,
    type RolloutEnd,
} from "../../../../tools/fleet/rollout/index.js"
import { RegistrationLookup } from "../../../../tools/fleet/rollout/registration-lookup.js"
import { register } from "../../../helpers/registered-devices.js"
import { registrationRecords } from "../../../helpers/registration-records.js"

const keyFromByte = (byte: number) => Buffer.alloc(64, byte).toString("base64")
const BROKEN_KEY = keyFromByte(4)
const GROUPS = [
    { enrollmentGroupId: "line-7", primaryKey: keyFromByte(3) },
    // The boards of this group fail to register, because its only hub does not exist.
    { enrollmentGroupId: "broken", primaryKey: BROKEN_KEY, iotHubs: ["none.azure-devices.net"] },
]
const RULES: RolloutRules = {
    requiredShare: 0.99,
    maxFailedShare: 0.01,
    maxThrottled: 10,
    maxLateSec: 600,
    ignoresSchedule: false,
}
const MIN_MS = 60_000

let dir: string
let emulator: Emulator
let services: Services
let card: Card
let clock: ManualClock

beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-rollout-"))
    clock = new ManualClock(Math.ceil(realClock.nowMs() / MIN_MS) * MIN_MS)
})
afterEach(async () => {
    services.close()
    await emulator.close()
    rmSync(dir, { recursive: true, force: true })
})

async function openCloud(options: EmulatorOptions = {}): Promise<DpsApi> {
    const quotas = { dpsOperations: null, dpsRegistrations: null }
    emulator = await startEmulator({ quotas, enrollmentGroups: GROUPS, assigningMs: 0, ...options })
    writeFileSync(join(dir, "ca.pem"), emulator.ca)
    const profile = join(dir, "card.json")
    card = cardOf(emulator, "127.0.0.1", join(dir, "ca.pem"))
    writeFileSync(profile, JSON.stringify(card))
    services = openServices(resolveCloudSettings({ profile }, {}), {
        clock: realClock,
        random: realRandom,
        dpsPerSec: Infinity,
        giveUpAfterSec: 0.1,
    })
    if (!services.dps) throw new Error("the card has no DPS")
    return services.dps
}

const IDS = Array.from({ length: 10 }, (_, i) => `b-${i}`)

/** Returns a plan for ten boards in waves of two and eight. Each slot of one minute has two boards. */
async function knownPlan(sha256 = "a".repeat(64)): Promise<LoadedPlan> {
    const plan = await makeRolloutPlan(
        { ids: IDS, lines: IDS.map((_, i) => i + 2), sha256: "0".repeat(64), hasTight: false },
        {
            limits: {
                registrations: { calls: 2, perSec: 60 },
                hubConnects: { calls: 100, perSec: 1 },
                hubs: 1,
                load: 1,
            },
            slotSec: 60,
            waves: [0.2, 1],
            startMs: clock.nowMs() + MIN_MS,
            hours: ALL_HOURS,
            timeZone: "UTC",
            soakSec: 0,
            batchMax: Infinity,
        }
    )
    return { plan, sha256 }
}

interface StartedRun {
    events: RolloutEvent[]
    opened: number[]
    ended: Promise<RolloutEnd>
    stop: AbortController
}

interface RunOptions {
    known?: LoadedPlan
    rules?: Partial<RolloutRules>
    isForced?: boolean
    maxHoldSec?: number
    throttledToDevices?: () => Promise<number>
    open?: (batch: OpenBatch) => Promise<void>
}

async function startRun(dps: DpsApi, options: RunOptions = {}): Promise<StartedRun> {
    const { rules, isForced = false, maxHoldSec = Infinity, throttledToDevices, open } = options
    const known = options.known ?? (await knownPlan())
    const events: RolloutEvent[] = []
    const opened: number[] = []
    const stop = new AbortController()
    const run = new RolloutRun({
        plan: known.plan,
        ids: IDS,
        dps,
        clock,
        state: new RolloutState(join(dir, "state"), known),
        rules: { ...RULES, ...rules },
        pollIntervalSec: 30,
        isForced,
        maxHoldSec,
        throttledToDevices,
        powerOn: async batch => {
            await open?.(batch)
            opened.push(batch.number)
        },
        onEvent: event => events.push(event),
        signal: stop.signal,
    })
    return { events, opened, ended: run.run(), stop }
}

const kindsOf = ({ events }: StartedRun) => events.map(({ event }) => event)
const lastOf = <E extends RolloutEvent["event"]>({ events }: StartedRun, kind: E) =>
    events.filter(({ event }) => event === kind).at(-1) as Extract<RolloutEvent, { event: E }> | undefined

/** Advances the clock from one wait of the run to the next until the condition is true. */
async function advanceUntil(isDone: () => boolean): Promise<void> {
    for (let i = 0; !isDone(); i++) {
        if (i > 5000) throw new Error("the condition never became true")
        const nextMs = clock.nextAtMs()
        if (nextMs !== undefined) clock.advanceTo(nextMs)
        await wait(realClock, 2)
    }
}

const registerAll = (from: number, to: number) =>
    Promise.all(IDS.slice(from, to).map(id => register(card, id)))

describe("a roll-out", () => {
    test("opens each wave at its time, after the boards of the previous wave are registered", async () => {
        const dps = await openCloud()
        const { plan } = await knownPlan()
        const run = await startRun(dps)
        await advanceUntil(() => run.opened.length === 1)
        expect(lastOf(run, "waiting")).toMatchObject({ batch: 1, untilUtc: plan.batches[0].startUtc })
        expect(lastOf(run, "open")).toMatchObject({ utc: plan.batches[0].startUtc, batch: 1, boards: 2 })
        await advanceUntil(() => kindsOf(run).includes("watching"))
        expect(run.opened).toEqual([1])
        await registerAll(0, 2)
        await advanceUntil(() => run.opened.length === 2)
        expect(lastOf(run, "waveDone")).toMatchObject({ wave: 1, boards: 2, registered: 2, isByHand: false })
        await registerAll(2, 10)
        await advanceUntil(() => kindsOf(run).includes("done"))
        expect(await run.ended).toBe("done")
        expect(lastOf(run, "done")).toMatchObject({ boards: 10, registered: 10, missing: 0, missingIds: [] })
        expect(kindsOf(run).filter(kind => kind === "held")).toEqual([])
    })

    test("is on hold while boards fail, and continues automatically when they are registered", async () => {
        const dps = await openCloud()
        const run = await startRun(dps)
        await advanceUntil(() => run.opened.length === 1)
        await register(card, "b-0")
        await register(card, "b-1", BROKEN_KEY)
        await advanceUntil(() => kindsOf(run).includes("held"))
        const held = lastOf(run, "held")
        expect(held).toMatchObject({ wave: 1, boards: 2, failed: 1, batch: 2 })
        expect(held?.reasons.map(({ kind }) => kind)).toEqual(["failures"])
        expect(held?.failures).toMatchObject([{ devices: 1, example: "b-1" }])
        await advanceUntil(() => clock.nowMs() > Date.parse(held?.utc ?? "") + 30 * MIN_MS)
        expect(run.opened).toEqual([1])
        await register(card, "b-1")
        await advanceUntil(() => run.opened.length === 2)
        expect(kindsOf(run)).toContain("cleared")
        run.stop.abort()
        expect(await run.ended).toBe("stopped")
    })

    test("does not count a failure from before the power-on", async () => {
        const old = registrationRecords({
            groupId: "line-7",
            ids: IDS.map(id => id),
            nowMs: realClock.nowMs() - 1e7,
        })
        const failedRecords = [...old].map(([key, value]) => [
            key,
            {
                ...(value as object),
                state: { ...(value as { state: object }).state, status: "failed", assignedHub: undefined },
            },
        ])
        const dps = await openCloud({ snapshot: new Map(failedRecords as [string, unknown][]) })
        const run = await startRun(dps)
        await advanceUntil(() => kindsOf(run).includes("watching"))
        expect(lastOf(run, "look")).toMatchObject({ registered: 0, failed: 0 })
        run.stop.abort()
        await run.ended
    })

    test("is on hold while boards are late, continues when forced, and reports missing boards at the end", async () => {
        const dps = await openCloud()
        const first = await startRun(dps)
        await advanceUntil(() => first.opened.length === 1)
        await registerAll(0, 1)
        await advanceUntil(() => kindsOf(first).includes("held"))
        expect(lastOf(first, "held")?.reasons.map(({ kind }) => kind)).toEqual(["late"])
        first.stop.abort()
        expect(await first.ended).toBe("stopped")
        const second = await startRun(dps, { isForced: true })
        await advanceUntil(() => second.opened.length === 1)
        expect(lastOf(second, "begun")).toMatchObject({ openedBefore: 1 })
        expect(lastOf(second, "waveDone")).toMatchObject({ wave: 1, registered: 1, isByHand: true })
        await registerAll(2, 10)
        await advanceUntil(() => kindsOf(second).includes("done"))
        expect(lastOf(second, "done")).toMatchObject({ registered: 9, missing: 1, missingIds: ["b-1"] })
        await second.ended
    })

    test("is on hold after 429s to devices until ten minutes have passed without a 429", async () => {
        const dps = await openCloud()
        let total = 1000
        const run = await startRun(dps, { throttledToDevices: () => Promise.resolve(total) })
        await advanceUntil(() => run.opened.length === 1)
        await registerAll(0, 2)
        total += 11
        await advanceUntil(() => kindsOf(run).includes("held"))
        const heldMs = Date.parse(lastOf(run, "held")?.utc ?? "")
        await advanceUntil(() => run.opened.length === 2)
        expect(clock.nowMs() - heldMs).toBeGreaterThanOrEqual(9 * MIN_MS)
        run.stop.abort()
        await run.ended
    })

    test("is on hold while DPS is unavailable", async () => {
        const dps = await openCloud()
        const run = await startRun(dps)
        await advanceUntil(() => run.opened.length === 1)
        emulator.cloud.faultOverride = () => ({ status: 503 })
        await advanceUntil(() => kindsOf(run).includes("held"))
        expect(lastOf(run, "held")?.reasons[0]).toMatchObject({ kind: "blind" })
        expect(lastOf(run, "held")?.reasons[0].text).toMatch(/503/)
        emulator.cloud.faultOverride = () => undefined
        await registerAll(0, 2)
        await advanceUntil(() => run.opened.length === 2)
        run.stop.abort()
        await run.ended
    })

    test("ends when DPS rejects the key, at the start or later", async () => {
        const dps = await openCloud()
        const run = await startRun(dps)
        await advanceUntil(() => run.opened.length === 1)
        emulator.cloud.faultOverride = () => ({ status: 401 })
        const failed = run.ended.catch((error: unknown) => error)
        await advanceUntil(() => clock.nextAtMs() === undefined)
        expect(await failed).toMatchObject({ kind: "unauthorized" })
        const again = await startRun(dps, { known: await knownPlan() })
        await expect(again.ended).rejects.toThrow(CloudError)
        expect(again.events).toEqual([])
    })

    test("ends when a hold lasts too long", async () => {
        const dps = await openCloud()
        const run = await startRun(dps, { maxHoldSec: 3600 })
        await advanceUntil(() => kindsOf(run).includes("stopped"))
        expect(await run.ended).toBe("holdTimeout")
        expect(lastOf(run, "stopped")).toMatchObject({ isHeld: true, openedBatches: 1 })
    })

    test("opens a batch again after its power-on failed", async () => {
        const dps = await openCloud()
        const known = await knownPlan()
        const openedIds: string[][] = []
        const run = await startRun(dps, {
            known,
            open: ({ ids }) => {
                openedIds.push(ids())
                return Promise.reject(new Error("the relay is stuck"))
            },
        })
        const failed = run.ended.catch((error: unknown) => error)
        await advanceUntil(() => openedIds.length > 0)
        expect(await failed).toMatchObject({ message: "the relay is stuck" })
        expect(openedIds).toEqual([["b-0", "b-1"]])
        expect(readFileSync(join(dir, "state"), "utf8")).not.toContain("opened")
        const again = await startRun(dps, { known })
        await advanceUntil(() => again.opened.length === 1)
        again.stop.abort()
        await again.ended
    })

    test("does not call DPS while all boards of the open batches are registered and the next batch waits for its time", async () => {
        const dps = await openCloud()
        const run = await startRun(dps)
        await advanceUntil(() => run.opened.length === 1)
        await registerAll(0, 2)
        await advanceUntil(() => lastOf(run, "look")?.registered === 2)
        const { calls } = dps.client
        await advanceUntil(() => run.opened.length === 2)
        expect(dps.client.calls).toBe(calls)
        run.stop.abort()
        await run.ended
    })
})

describe("the state file", () => {
    test("is rejected if it belongs to another plan or is another file, and loses only an incomplete line", async () => {
        await openCloud()
        const file = join(dir, "state")
        const known = await knownPlan()
        const state = new RolloutState(file, known)
        state.recordBatchOpened(clock.nowMs())
        state.recordWaveDone(clock.nowMs())
        state.recordBatchOpened(clock.nowMs())
        expect(() => new RolloutState(file, { ...known, sha256: "b".repeat(64) })).toThrow(
            /belongs to another plan/
        )
        const text = readFileSync(file, "utf8")
        writeFileSync(file, text.slice(0, -5))
        expect(new RolloutState(file, known).progress.openedMs).toHaveLength(1)
        expect(new RolloutState(file, known).progress.doneMs).toHaveLength(1)
        writeFileSync(file, `${text}{"event":"opened","number":9,"utc":"2026-01-01T00:00:00Z"}\n`)
        expect(() => new RolloutState(file, known)).toThrow(/is damaged: line 5 /)
        writeFileSync(file, "registrationId\nb-1\n")
        expect(() => new RolloutState(file, known)).toThrow(/is not a state file of `moorage rollout run`/)
        expect(() => new RolloutState(dir, known)).toThrow(JournalError)
    })
})

describe("the lookup of registrations", () => {
    const many = (count: number) =>
        registrationRecords({ groupId: "line-7", count, nowMs: realClock.nowMs() })
    const found = async (lookup: RegistrationLookup, wanted: string[]) => {
        const ids: string[] = []
        await lookup.find(new Set(wanted), ({ registrationId }) => ids.push(registrationId))
        return ids.sort()
    }

    test("reads pages for many boards and single records for few boards", async () => {
        const dps = await openCloud({ snapshot: new Map(many(2500)) })
        const lookup = new RegistrationLookup(dps)
        const wanted = Array.from({ length: 200 }, (_, i) => `line-7-${String(i * 10).padStart(7, "0")}`)
        const calls = async (ids: string[]) => {
            const before = dps.client.calls
            const foundIds = await found(lookup, ids)
            return [foundIds.length, dps.client.calls - before]
        }
        // One call for the groups, three for the pages of line-7, and one for the page of broken.
        expect(await calls(wanted)).toEqual([200, 5])
        // One more call for the individual enrollments, because x is in no group.
        expect(await calls([...wanted, "x"])).toEqual([200, 6])
        expect(await calls([...wanted.slice(0, 3), "x"])).toEqual([3, 4])
    })

    test("includes individual enrollments", async () => {
        const ids = Array.from({ length: 8 }, (_, i) => `own-${i}`)
        const dps = await openCloud({
            enrollments: ids.map(registrationId => ({ registrationId, primaryKey: keyFromByte(3) })),
            snapshot: new Map([
                ...many(10),
                ...registrationRecords({ ids: ids.slice(0, 6), nowMs: realClock.nowMs() }),
            ]),
        })
        expect(await found(new RegistrationLookup(dps), ids)).toEqual(ids.slice(0, 6))
    })
})
