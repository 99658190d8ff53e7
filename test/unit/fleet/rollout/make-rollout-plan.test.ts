// Rollout plans: working hours, slots, waves, batches, predictions, and the files of a plan.
import {
    chmodSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import * as v from "valibot"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { FleetError } from "../../../../tools/fleet/input-issues.js"
import {
    ALL_HOURS,
    type FleetIds,
    makeRolloutPlan,
    parseTimeMs,
    ROLLOUT_PLAN,
    type RolloutPlanOptions,
    rolloutPlanText,
    predictedPoints,
    ratePerSec,
    readFleetIds,
    readRolloutPlan,
    type WorkingHours,
    writeSlots,
} from "../../../../tools/fleet/rollout/index.js"
import { WorkingCalendar } from "../../../../tools/fleet/rollout/working-calendar.js"
import { chooseSlots } from "../../../../tools/fleet/rollout/batch-slots.js"
import { waveSizes } from "../../../../tools/fleet/rollout/batch-schedule.js"
import { FileTransaction } from "../../../../tools/files/file-transaction.js"

const BERLIN = "Europe/Berlin"
const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 10, 30, 7)
const DAYS: WorkingHours = { days: [1, 2, 3, 4, 5], from: "08:00", to: "17:00" }
const DOCUMENTED = {
    registrations: { calls: 1000, perSec: 60 },
    hubConnects: { calls: 100, perSec: 1 },
    hubs: 1,
    load: 0.96,
}
const OPTIONS: RolloutPlanOptions = {
    limits: DOCUMENTED,
    waves: [0.01, 0.1, 0.5, 1],
    startMs: START_MS,
    hours: ALL_HOURS,
    timeZone: "UTC",
    soakSec: 0,
    batchMax: Infinity,
}

function fleetOf(boards: number): FleetIds {
    const ids = Array.from({ length: boards }, (_, i) => `b-${i}`)
    return { ids, lines: ids.map((_, i) => i + 2), sha256: "0".repeat(64), hasTight: false }
}

/** Returns a plan for this number of boards. */
const planOf = (boards: number, options: Partial<RolloutPlanOptions> = {}) =>
    makeRolloutPlan(fleetOf(boards), { ...OPTIONS, ...options })

describe("working hours", () => {
    const window = (hours: WorkingHours, text: string, zone = BERLIN) => {
        const { fromMs, toMs } = new WorkingCalendar(hours, zone).nextWindow(parseTimeMs(text, zone))
        return [fromMs, toMs].map(ms => new Date(ms).toISOString().slice(0, 16))
    }

    test("start now, on the next morning, or on Monday", () => {
        expect(window(DAYS, "2026-11-30 09:30")).toEqual(["2026-11-30T08:30", "2026-11-30T16:00"])
        expect(window(DAYS, "2026-11-30 17:00")).toEqual(["2026-12-01T07:00", "2026-12-01T16:00"])
        expect(window(DAYS, "2026-12-04 17:00")).toEqual(["2026-12-07T07:00", "2026-12-07T16:00"])
    })

    test("at night start on the day before", () => {
        const night = { days: [5], from: "22:00", to: "06:00" }
        expect(window(night, "2026-12-05 03:00")).toEqual(["2026-12-05T02:00", "2026-12-05T05:00"])
        expect(window(night, "2026-12-05 06:00")).toEqual(["2026-12-11T21:00", "2026-12-12T05:00"])
    })

    test("are local time before and after a daylight saving change, and shorter if it skips hours", () => {
        const sunday = { days: [7], from: "01:00", to: "05:00" }
        expect(window(sunday, "2026-03-28 12:00")).toEqual(["2026-03-29T00:00", "2026-03-29T03:00"])
        expect(window(sunday, "2026-10-24 12:00")).toEqual(["2026-10-24T23:00", "2026-10-25T04:00"])
        const skipped = { days: [7], from: "02:00", to: "03:00" }
        expect(window(skipped, "2026-03-28 12:00")[0]).toBe("2026-04-05T00:00")
    })

    test("that meet at midnight are joined", () => {
        const { fromMs, toMs } = new WorkingCalendar(ALL_HOURS, BERLIN).nextWindow(START_MS)
        expect(fromMs).toBe(START_MS)
        expect(toMs - fromMs).toBeGreaterThanOrEqual(24 * HOUR_MS)
    })

    test.each([
        ["2026-03-29 02:30", "skipped by a daylight saving change"],
        ["2026-10-25 02:30", "repeated by a daylight saving change"],
        ["2026-02-30 08:00", "no such day"],
        ["2026-11-30 25:00", "no such hour"],
        ["tomorrow", "not a time"],
    ])("reject the time %s: %s", text => {
        expect(() => parseTimeMs(text, BERLIN)).toThrow(RangeError)
    })

    test("accept a time with Z or an offset, or a local time", () => {
        expect(parseTimeMs("2026-11-30T07:00Z", BERLIN)).toBe(START_MS)
        expect(parseTimeMs("2026-11-30T09:00+02:00", "UTC")).toBe(START_MS)
        expect(parseTimeMs("2026-11-30 08:00", BERLIN)).toBe(START_MS)
    })
})

describe("slots", () => {
    const perMin = (calls: number) => ({ ...DOCUMENTED, registrations: { calls, perSec: 60 } })

    test("have 16 boards per second at the documented quota (docs/internals/rollout-efficiency.md)", () => {
        expect(chooseSlots(DOCUMENTED)).toEqual({ boardsPerSlot: 16, slotSec: 1 })
    })

    test("are the shortest that use most of the rate", () => {
        expect(chooseSlots(perMin(100))).toEqual({ boardsPerSlot: 8, slotSec: 5 })
        expect(chooseSlots(perMin(1))).toEqual({ boardsPerSlot: 1, slotSec: 63 })
        expect(chooseSlots(perMin(100), 60)).toEqual({ boardsPerSlot: 96, slotSec: 60 })
    })

    test("use the smaller rate of DPS and the hubs", () => {
        const slow = { ...DOCUMENTED, hubConnects: { calls: 5, perSec: 1 } }
        expect(ratePerSec(slow)).toBe(5)
        expect(ratePerSec({ ...slow, hubs: 2 })).toBe(10)
        expect(ratePerSec({ ...slow, hubs: 4 })).toBeCloseTo(1000 / 60)
    })

    test("without room for a board are rejected", () => {
        expect(() => chooseSlots(perMin(1), 1)).toThrow(/No board fits in a slot of 1 s/)
        expect(() => chooseSlots({ ...perMin(1), registrations: { calls: 1, perSec: 90_000 } })).toThrow(
            /the rate is too low/
        )
    })
})

test("a wave has the boards that its share adds, and waves without boards are omitted", () => {
    expect(waveSizes(200, [0.01, 0.1, 0.5, 1])).toEqual([2, 18, 80, 100])
    expect(waveSizes(100, [0.07, 1])).toEqual([7, 93])
    expect(waveSizes(5, [0.01, 0.1, 0.5, 1])).toEqual([1, 2, 2])
    expect(waveSizes(1, [0.01, 0.1, 0.5, 1])).toEqual([1])
})

describe("a plan", () => {
    /** Random options. Two thirds of the start times are near a daylight saving change. */
    const choices = fc.record({
        boards: fc.integer({ min: 1, max: 3000 }),
        calls: fc.integer({ min: 30, max: 2000 }),
        load: fc.double({ min: 0.3, max: 1, noNaN: true }),
        slotSec: fc.option(fc.integer({ min: 10, max: 60 }), { nil: undefined }),
        from: fc.integer({ min: 0, max: 23 }),
        length: fc.integer({ min: 1, max: 23 }),
        days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        batchMax: fc.oneof(fc.constant(Infinity), fc.integer({ min: 20, max: 500 })),
        soakSec: fc.integer({ min: 0, max: 200_000 }),
        startMs: fc.oneof(
            fc.integer({ min: Date.UTC(2026, 2, 28), max: Date.UTC(2026, 2, 30) }),
            fc.integer({ min: Date.UTC(2026, 9, 24), max: Date.UTC(2026, 9, 26) }),
            fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 11, 31) })
        ),
    })

    const twoDigits = (n: number) => String(n).padStart(2, "0")

    test("has every board in exactly one slot, within the quota and the working hours", async () => {
        await fc.assert(
            fc.asyncProperty(choices, async ({ boards, calls, load, from, length, days, ...rest }) => {
                const hours = {
                    days,
                    from: `${twoDigits(from)}:00`,
                    to: `${twoDigits((from + length) % 24)}:00`,
                }
                const limits = { ...DOCUMENTED, registrations: { calls, perSec: 60 }, load }
                const plan = await planOf(boards, { ...rest, limits, hours, timeZone: BERLIN })
                const { boardsPerSlot, slotSec } = plan.slots
                expect(boardsPerSlot).toBeLessThanOrEqual((calls / 60) * load * slotSec + 1e-6)
                let nextBoard = 0
                let freeMs = rest.startMs
                for (const batch of plan.batches) {
                    expect(batch.first.line).toBe(nextBoard + 2)
                    nextBoard += batch.boards
                    expect(batch.last.line).toBe(nextBoard + 1)
                    expect(batch.boards).toBeLessThanOrEqual(
                        Math.min(rest.batchMax, batch.slots * boardsPerSlot)
                    )
                    expect(batch.boards).toBeGreaterThan((batch.slots - 1) * boardsPerSlot)
                    const startMs = Date.parse(batch.startUtc)
                    const endMs = Date.parse(batch.slotsEndUtc)
                    expect(endMs - startMs).toBe(batch.slots * slotSec * 1000)
                    expect(endMs - startMs).toBeLessThanOrEqual(24 * HOUR_MS)
                    expect(startMs).toBeGreaterThanOrEqual(freeMs)
                    freeMs = endMs
                    for (let ms = startMs; ms < endMs; ms += 60_000) expectWorkingHours(ms, hours)
                    expectWorkingHours(endMs - 1, hours)
                }
                expect(nextBoard).toBe(boards)
                expect(plan.prediction.moored).toBe(boards)
            }),
            { numRuns: 60 }
        )
    })

    /** An implementation of local time that does not depend on the code under test. */
    const clock = new Intl.DateTimeFormat("en-GB", {
        timeZone: BERLIN,
        weekday: "short",
        hour: "2-digit",
        minute: "2-digit",
        hourCycle: "h23",
    })
    const NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    function expectWorkingHours(ms: number, { days, from, to }: WorkingHours): void {
        const parts = Object.fromEntries(clock.formatToParts(ms).map(({ type, value }) => [type, value]))
        const time = `${parts.hour}:${parts.minute}`
        const today = NAMES.indexOf(parts.weekday as string) + 1
        const yesterday = ((today + 5) % 7) + 1
        const isDay = to > from && time >= from && time < to && days.includes(today)
        const isEvening = to <= from && time >= from && days.includes(today)
        const isMorning = to <= from && time < to && days.includes(yesterday)
        expect(isDay || isEvening || isMorning, `${parts.weekday} ${time}`).toBe(true)
    }

    test("has a soak time after each wave, and splits a wave that is too long for one day", async () => {
        const limits = { ...DOCUMENTED, registrations: { calls: 60, perSec: 60 }, load: 1 }
        const hours = { ...DAYS, from: "08:00", to: "09:00" }
        const plan = await planOf(6000, { limits, hours, waves: [0.5, 1], soakSec: 86_400 })
        expect(
            plan.batches.map(({ wave, boards, startUtc }) => [wave, boards, startUtc.slice(0, 16)])
        ).toEqual([
            [1, 3000, "2026-11-30T08:00"],
            // The soak time ends at 08:51 on the next day, when less than ten minutes of the working hours remain.
            [2, 3000, "2026-12-02T08:00"],
        ])
        const single = await planOf(6000, { limits, hours, waves: [1] })
        expect(single.batches.map(({ boards, slots }) => [boards, slots])).toEqual([
            [3600, 3600],
            [2400, 2400],
        ])
    })

    test("uses the boards of ten minutes as N, or the whole fleet if it is smaller", async () => {
        expect((await planOf(20_000)).formula).toEqual({ fleetN: 10_000, fleetCps: 16.6667, load: 0.96 })
        expect((await planOf(200)).formula.fleetN).toBe(200)
    })

    test("predicts that all boards moor shortly after the last slot without 429s", async () => {
        const plan = await planOf(2000)
        const { prediction, batches } = plan
        expect(prediction).toMatchObject({ moored: 2000, throttled: 0 })
        const lateMs = Date.parse(prediction.mooredUtc) - Date.parse(batches.at(-1)?.slotsEndUtc ?? "")
        expect(lateMs).toBeGreaterThan(0)
        expect(lateMs).toBeLessThan(60_000)
        const points = predictedPoints(plan, 50)
        expect(points[0]).toMatchObject({ registered: 0, moored: 0 })
        expect(points.at(-1)).toMatchObject({ registered: 2000, moored: 2000, throttled: 0 })
        for (const [i, point] of points.entries())
            expect(point.moored).toBeGreaterThanOrEqual(points[i - 1]?.moored ?? 0)
    })

    test("runs the model once per batch size", async () => {
        const plan = await planOf(1000, { batchMax: 100, waves: [1] })
        expect(plan.batches).toHaveLength(10)
        expect(plan.prediction.curves.map(({ boards }) => boards)).toEqual([100])
    })

    test.each([
        [{ hours: { ...DAYS, from: "08:00", to: "08:01" }, slotSec: 120 }, /a slot of 120 s does not fit/],
        [{ batchMax: 1, waves: [1] }, /more than 10000 batches/],
        [{ limits: { ...DOCUMENTED, load: 0.0001 } }, /LOAD is "0.0001"/],
    ])("with %j is rejected", async (choices, message) => {
        await expect(planOf(20_000, choices as Partial<RolloutPlanOptions>)).rejects.toThrow(message)
    })
})

describe("boards with the tight image, which call DPS before their slot,", () => {
    test("are limited per batch to the DPS limit per minute times the load factor", async () => {
        const { batches } = await makeRolloutPlan(
            { ...fleetOf(3000), hasTight: true },
            { ...OPTIONS, waves: [1] }
        )
        expect(batches.map(({ boards }) => boards)).toEqual([960, 960, 960, 120])
    })

    test("keep a smaller batch limit, and other boards have no such limit", async () => {
        const choices = { ...OPTIONS, waves: [1], batchMax: 500 }
        const { batches } = await makeRolloutPlan({ ...fleetOf(1500), hasTight: true }, choices)
        expect(batches.map(({ boards }) => boards)).toEqual([500, 500, 500])
        expect((await planOf(3000, { waves: [1] })).batches).toHaveLength(1)
    })
})

describe("the files of a plan", () => {
    let dir: string
    const path = (name: string) => join(dir, name)
    beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "moorage-plan-"))))
    afterAll(() => rmSync(dir, { recursive: true }))

    async function planAndWrite(text: string, options: Partial<RolloutPlanOptions> = {}) {
        const file = path("fleet.csv")
        writeFileSync(file, text)
        const boards = await readFleetIds(file)
        const plan = await makeRolloutPlan(boards, { ...OPTIONS, ...options })
        const transaction = new FileTransaction()
        await writeSlots(transaction, { file, ids: boards.ids, plan })
        await transaction.commit()
        return { plan, text: readFileSync(file, "utf8") }
    }

    test.each([
        ["the column profile", "registrationId,profile\na,moorage_devkitc\nb,moorage_s2\n", undefined, true],
        ["the default profile", "registrationId,profile\na,moorage_devkitc\nb,\n", "moorage_s2", true],
        ["the default profile without a column", "registrationId\na\n", "moorage_s2", true],
        [
            "a column that overrides the default profile",
            "registrationId,profile\na,moorage_c3\n",
            "moorage_s2",
            false,
        ],
        ["no profile", "registrationId\na\n", undefined, false],
    ])("show by %s whether a board has the tight image", async (_what, text, profile, hasTight) => {
        writeFileSync(path("kinds.csv"), text)
        const boards = await readFleetIds(path("kinds.csv"), { profile })
        expect(boards.hasTight).toBe(hasTight)
    })

    test("must not name an unknown profile, whose boards may have the tight image", async () => {
        writeFileSync(path("kinds.csv"), "registrationId,profile\na,moorage_c3\nb,moorage-s2\nc,moorage-s2\n")
        await expect(readFleetIds(path("kinds.csv"))).rejects.toThrow(
            /cannot be used:\n  line 3: unknown profile "moorage-s2" \(.*moorage_s2[^\n]*$/
        )
    })

    test("have the same content when they are read, and each list of numbers is on one line", async () => {
        const plan = await planOf(300)
        writeFileSync(path("plan.json"), rolloutPlanText(plan))
        expect(readRolloutPlan(path("plan.json")).plan).toEqual(v.parse(ROLLOUT_PLAN, plan))
        expect(rolloutPlanText(plan)).toMatch(/"registered": \[[\d,]+\],\n/)
    })

    test.each([
        [(plan: string) => plan.replace('"version": 1', '"version": 2'), /version: /],
        [(plan: string) => plan.replace('"wave": 4', '"wave": 5'), /wave 5 does not exist/],
        [(plan: string) => plan.replace('"boards": 3,', '"boards": 4,'), /no curve for 4 boards/],
        [
            (plan: string) => plan.replace('"timeZone": "UTC"', '"timeZone": "Mars/Base"'),
            /timeZone: is not a time zone/,
        ],
        [
            (plan: string) => plan.replace('"from": "00:00"', '"from": "24:00"'),
            /hours.from: is not a time of day/,
        ],
        [(plan: string) => plan.replace(/"slotSec": \d+/, '"slotSec": 1e18'), /slotSec/],
        [(plan: string) => plan.slice(0, 500), /cannot be used/],
        [() => "", /is missing/],
        [() => "registrationId\nb-1\n", /the file: must be a list of "name: value" pairs$/],
    ])("are rejected after a change, %#", async (change, message) => {
        const text = change(rolloutPlanText(await planOf(300)))
        writeFileSync(path("wrong.json"), text)
        expect(() => readRolloutPlan(path("wrong.json"))).toThrow(message)
    })

    test("have a slot and a batch on each line, and unchanged other columns", async () => {
        const { text } = await planAndWrite('registrationId,room,slot\nB-1,"3, west",7\nb-2,,\nb-3,,\n', {
            waves: [0.5, 1],
            limits: { ...DOCUMENTED, registrations: { calls: 60, perSec: 60 }, load: 1 },
        })
        expect(text).toBe(
            "registrationId,room,slot,slotSec,fleetN,fleetCps,load,wave,batch\n" +
                'B-1,"3, west",0,1,3,1,1,1,1\n' +
                "b-2,,1,1,3,1,1,1,1\n" +
                "b-3,,0,1,3,1,1,2,2\n"
        )
    })

    test("keep the column of a setting that has the other name", async () => {
        const { text } = await planAndWrite("SLOT,registrationId\n9,b-1\n")
        expect(text.split("\n")[0]).toBe("SLOT,registrationId,slotSec,fleetN,fleetCps,load,wave,batch")
        expect(text.split("\n")[1]).toMatch(/^0,b-1,1,/)
    })

    test("keep the mode of the fleet file and a symbolic link to it", async () => {
        writeFileSync(path("real.csv"), "registrationId\nb-1\n")
        chmodSync(path("real.csv"), 0o640)
        symlinkSync(path("real.csv"), path("link.csv"))
        const boards = await readFleetIds(path("link.csv"))
        const transaction = new FileTransaction()
        await writeSlots(transaction, {
            file: path("link.csv"),
            ids: boards.ids,
            plan: await makeRolloutPlan(boards, OPTIONS),
        })
        await transaction.commit()
        expect(statSync(path("real.csv")).mode & 0o777).toBe(0o640)
        expect(readFileSync(path("real.csv"), "utf8")).toContain("b-1,0,1,")
    })

    test("are written completely or not at all, and not if the fleet file was changed meanwhile", async () => {
        const file = path("changed.csv")
        writeFileSync(file, "registrationId\nb-1\nb-2\n")
        const boards = await readFleetIds(file)
        const plan = await makeRolloutPlan(boards, OPTIONS)
        const changed = "registrationId\nb-1\nb-9\n"
        writeFileSync(file, changed)
        const transaction = new FileTransaction()
        await transaction.write(path("changed.json"), [rolloutPlanText(plan)])
        await expect(writeSlots(transaction, { file, ids: boards.ids, plan })).rejects.toThrow(FleetError)
        await transaction.rollback()
        expect(readFileSync(file, "utf8")).toBe(changed)
        expect(readdirSync(dir).filter(name => /changed\.json|\.new$/.test(name))).toEqual([])
    })

    test("keep the byte order mark and the line ends of the fleet file", async () => {
        const { text } = await planAndWrite("\ufeffregistrationId,room\r\nb-1,Küche\r\n")
        expect(text).toMatch(/^\ufeffregistrationId,room,slot,[^\n]*\r\nb-1,Küche,0,[^\n]*\r\n$/)
    })

    test("never replace a folder or a device", async () => {
        const transaction = new FileTransaction()
        await transaction.write(path("first.json"), ["{}"])
        const device = "/dev/null"
        for (const target of [dir, device])
            await expect(transaction.write(target, ["{}"])).rejects.toThrow(/is not a regular file/)
        await transaction.rollback()
        expect(statSync(device).isFile()).toBe(false)
        expect(readdirSync(dir).filter(name => /first\.json|\.new$/.test(name))).toEqual([])
    })

    test("must have the same number of fields on every line", async () => {
        writeFileSync(path("ragged.csv"), "registrationId,room\nb-1,3\nb-2,4,5\n")
        await expect(readFleetIds(path("ragged.csv"))).rejects.toThrow(
            /line 3: has 3 fields, the first line has 2/
        )
    })
})
