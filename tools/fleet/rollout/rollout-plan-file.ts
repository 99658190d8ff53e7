// The plan's file: JSON, without a secret.
import { readFileSync } from "node:fs"
import { createHash } from "node:crypto"
import { parseDocument, DocumentError } from "@moorage/files"
import * as v from "valibot"
import { SLOT_MAX_SEC } from "./batch-slots.js"

const whole = v.pipe(v.number(), v.integer(), v.minValue(0))
const positive = v.pipe(v.number(), v.integer(), v.minValue(1))
const over0 = v.pipe(v.number(), v.gtValue(0))
const utc = v.pipe(v.string(), v.isoTimestamp())
const rate = v.strictObject({ calls: over0, perSec: over0 })
const board = v.strictObject({ line: positive, id: v.string() })
const timeOfDay = v.pipe(v.string(), v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, "is no time of day"))
const midnight = v.literal("24:00")

const timeZone = v.pipe(v.string(), v.check(isTimeZone, "is no time zone"))

function isTimeZone(name: string): boolean {
    try {
        return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== ""
    } catch {
        return false
    }
}

const CURVE = v.strictObject({
    /** The batch that it is of: one of so many boards. */
    boards: positive,
    binSec: positive,
    /** Counts in bins of time since power-on. */
    registered: v.array(whole),
    moored: v.array(whole),
    throttled: v.array(whole),
    /** When the last board was. */
    registeredSec: v.number(),
    mooredSec: v.number(),
})

const BATCH = v.strictObject({
    /** From 1. */
    wave: positive,
    startUtc: utc,
    /** When its last slot ends. */
    slotsEndUtc: utc,
    boards: positive,
    slots: positive,
    first: board,
    last: board,
})

export const ROLLOUT_PLAN = v.strictObject({
    moorage: v.literal("rollout"),
    version: v.literal(1),
    fleet: v.strictObject({
        boards: positive,
        /** Of the registration IDs in the file's order, a line each. */
        idsSha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "is no SHA-256")),
        /** Whether there are boards that ask DPS at power-on, before their slot: it makes batches smaller. */
        hasTight: v.boolean(),
    }),
    limits: v.strictObject({
        registrations: rate,
        hubConnects: rate,
        hubs: positive,
        load: v.pipe(over0, v.maxValue(1)),
    }),
    slots: v.strictObject({ boardsPerSlot: positive, slotSec: v.pipe(positive, v.maxValue(SLOT_MAX_SEC)) }),
    /** What each board is told: FLEET_N, FLEET_CPS, LOAD. */
    formula: v.strictObject({ fleetN: positive, fleetCps: over0, load: over0 }),
    timeZone,
    hours: v.strictObject({
        days: v.pipe(v.array(v.pipe(whole, v.minValue(1), v.maxValue(7))), v.minLength(1)),
        from: timeOfDay,
        to: v.union([timeOfDay, midnight], "is no time of day"),
    }),
    soakSec: v.pipe(v.number(), v.minValue(0)),
    waves: v.array(v.strictObject({ boards: positive })),
    batches: v.array(BATCH),
    prediction: v.strictObject({
        /** When the last board is moored. */
        mooredUtc: utc,
        moored: whole,
        throttled: whole,
        curves: v.array(CURVE),
    }),
})

export type RolloutPlan = v.InferOutput<typeof ROLLOUT_PLAN>
export type PlannedBatch = RolloutPlan["batches"][number]

/** The curve of a batch. */
export function findCurve(
    { prediction }: RolloutPlan,
    { boards }: PlannedBatch
): RolloutPlan["prediction"]["curves"][number] {
    const curve = prediction.curves.find(each => each.boards === boards)
    if (!curve) throw new RangeError(`there is no curve of ${boards} boards`)
    return curve
}

/** What no schema finds. */
function mistakesOf({ fleet, waves, batches, prediction }: RolloutPlan): string[] {
    const wrong: string[] = []
    const sums = waves.map(() => 0)
    for (const [i, { wave, boards }] of batches.entries()) {
        if (wave > waves.length) wrong.push(`batches[${i}]: there is no wave ${wave}`)
        else sums[wave - 1] += boards
        if (wave < (batches[i - 1]?.wave ?? 1)) wrong.push(`batches[${i}]: wave ${wave} is over`)
        if (!prediction.curves.some(curve => curve.boards === boards))
            wrong.push(`batches[${i}]: there is no curve of ${boards} boards`)
    }
    for (const [i, { boards }] of waves.entries())
        if (sums[i] !== boards)
            wrong.push(`waves[${i}]: it has ${boards} boards, its batches have ${sums[i]}`)
    const all = sums.reduce((sum, n) => sum + n, 0)
    if (all !== fleet.boards) wrong.push(`fleet.boards: it is ${fleet.boards}, the waves have ${all}`)
    return wrong
}

/** The plan as a file's text: a list of numbers on one line. */
export function rolloutPlanText(plan: RolloutPlan): string {
    const json = JSON.stringify(plan, undefined, 1)
    return `${json.replace(/\[\s+([\d.,\s]+?)\s+\]/g, (_, list: string) => `[${list.replace(/\s+/g, "")}]`)}\n`
}

/** A plan, and what tells it from others. */
export interface KnownPlan {
    plan: RolloutPlan
    sha256: string
}

/** @throws DocumentError with every mistake */
export function readRolloutPlan(file: string): KnownPlan {
    let text: string
    try {
        text = readFileSync(file, "utf8")
    } catch (error) {
        throw new DocumentError(`Cannot read ${file}: ${(error as Error).message}`, { cause: error })
    }
    const plan = parseDocument(ROLLOUT_PLAN, text, { name: file, findErrors: mistakesOf })
    return { plan, sha256: createHash("sha256").update(text).digest("hex") }
}

/** What tells a fleet from others: the SHA-256 of its registration IDs in the file's order, a line each. */
export function idsSha256(ids: string[]): string {
    const hash = createHash("sha256")
    for (const id of ids) hash.update(`${id}\n`)
    return hash.digest("hex")
}

/**
 * When each board is powered on, in s after the first.
 * @param ids of the fleet, in the file's order
 * @throws RangeError when the plan is of other boards
 */
export function powerOnSecs({ batches, fleet }: RolloutPlan, ids: string[]): number[] {
    if (idsSha256(ids) !== fleet.idsSha256) throw new RangeError("it is of other boards, or in another order")
    const firstMs = Date.parse(batches[0].startUtc)
    return batches.flatMap(({ startUtc, boards }) =>
        new Array<number>(boards).fill((Date.parse(startUtc) - firstMs) / 1000)
    )
}
