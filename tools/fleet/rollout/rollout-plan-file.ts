// The file of a rollout plan: JSON without secrets.
import { readFileSync } from "node:fs"
import { createHash } from "node:crypto"
import { parseDocument, DocumentError } from "@moorage/files"
import * as v from "valibot"
import { SLOT_MAX_SEC } from "./batch-slots.js"

const unsigned = v.pipe(v.number(), v.integer(), v.minValue(0))
const positive = v.pipe(v.number(), v.integer(), v.minValue(1))
const aboveZero = v.pipe(v.number(), v.gtValue(0))
const utc = v.pipe(v.string(), v.isoTimestamp())
const rate = v.strictObject({ calls: aboveZero, perSec: aboveZero })
const board = v.strictObject({ line: positive, id: v.string() })
const timeOfDay = v.pipe(v.string(), v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, "is not a time of day"))
const midnight = v.literal("24:00")

const timeZone = v.pipe(v.string(), v.check(isTimeZone, "is not a time zone"))

function isTimeZone(name: string): boolean {
    try {
        return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== ""
    } catch {
        return false
    }
}

const CURVE = v.strictObject({
    /** Number of boards of the batches with this curve. */
    boards: positive,
    binSec: positive,
    /** Counts per time bin since power-on. */
    registered: v.array(unsigned),
    moored: v.array(unsigned),
    throttled: v.array(unsigned),
    /** Times when the last board was registered and when it was moored. */
    registeredSec: v.number(),
    mooredSec: v.number(),
})

const BATCH = v.strictObject({
    /** From 1. */
    wave: positive,
    startUtc: utc,
    /** End of the last slot. */
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
        /** See idsSha256(). */
        idsSha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "is not a SHA-256")),
        /** Whether a board has the tight image, which makes batches smaller. */
        hasTight: v.boolean(),
    }),
    limits: v.strictObject({
        registrations: rate,
        hubConnects: rate,
        hubs: positive,
        load: v.pipe(aboveZero, v.maxValue(1)),
    }),
    slots: v.strictObject({ boardsPerSlot: positive, slotSec: v.pipe(positive, v.maxValue(SLOT_MAX_SEC)) }),
    /** Settings of each board: FLEET_N, FLEET_CPS, LOAD. */
    formula: v.strictObject({ fleetN: positive, fleetCps: aboveZero, load: aboveZero }),
    timeZone,
    hours: v.strictObject({
        days: v.pipe(v.array(v.pipe(unsigned, v.minValue(1), v.maxValue(7))), v.minLength(1)),
        from: timeOfDay,
        to: v.union([timeOfDay, midnight], "is not a time of day"),
    }),
    soakSec: v.pipe(v.number(), v.minValue(0)),
    waves: v.array(v.strictObject({ boards: positive })),
    batches: v.array(BATCH),
    prediction: v.strictObject({
        /** Time when the last board is moored. */
        mooredUtc: utc,
        moored: unsigned,
        throttled: unsigned,
        curves: v.array(CURVE),
    }),
})

export type RolloutPlan = v.InferOutput<typeof ROLLOUT_PLAN>
export type PlannedBatch = RolloutPlan["batches"][number]

/** Returns the curve of a batch. @throws RangeError if the plan has none */
export function findCurve(
    { prediction }: RolloutPlan,
    { boards }: PlannedBatch
): RolloutPlan["prediction"]["curves"][number] {
    const curve = prediction.curves.find(candidate => candidate.boards === boards)
    if (!curve) throw new RangeError(`no curve for ${boards} boards`)
    return curve
}

/** Returns the contradictions in a plan that the schema cannot find. */
function findContradictions({ fleet, waves, batches, prediction }: RolloutPlan): string[] {
    const issues: string[] = []
    const sums = waves.map(() => 0)
    for (const [i, { wave, boards }] of batches.entries()) {
        if (wave > waves.length) issues.push(`batches[${i}]: wave ${wave} does not exist`)
        else sums[wave - 1] += boards
        if (wave < (batches[i - 1]?.wave ?? 1))
            issues.push(`batches[${i}]: wave ${wave} comes after a later wave`)
        if (!prediction.curves.some(curve => curve.boards === boards))
            issues.push(`batches[${i}]: no curve for ${boards} boards`)
    }
    for (const [i, { boards }] of waves.entries())
        if (sums[i] !== boards)
            issues.push(`waves[${i}]: has ${boards} boards, but its batches have ${sums[i]}`)
    const total = sums.reduce((sum, n) => sum + n, 0)
    if (total !== fleet.boards)
        issues.push(`fleet.boards: is ${fleet.boards}, but the waves have ${total} boards`)
    return issues
}

/** Returns the text of the file. Each list of numbers is on one line. */
export function rolloutPlanText(plan: RolloutPlan): string {
    const json = JSON.stringify(plan, undefined, 1)
    return `${json.replace(/\[\s+([\d.,\s]+?)\s+\]/g, (_, list: string) => `[${list.replace(/\s+/g, "")}]`)}\n`
}

/** A plan that was read from a file, and the checksum of the file. */
export interface LoadedPlan {
    plan: RolloutPlan
    sha256: string
}

/** Reads a plan. @throws DocumentError with every issue */
export function readRolloutPlan(file: string): LoadedPlan {
    let text: string
    try {
        text = readFileSync(file, "utf8")
    } catch (error) {
        throw new DocumentError(`Cannot read ${file}: ${(error as Error).message}`, { cause: error })
    }
    const plan = parseDocument(ROLLOUT_PLAN, text, { name: file, findErrors: findContradictions })
    return { plan, sha256: createHash("sha256").update(text).digest("hex") }
}

/** Returns the SHA-256 of the registration IDs of a fleet in the order of the file, with one ID per line. */
export function idsSha256(ids: string[]): string {
    const hash = createHash("sha256")
    for (const id of ids) hash.update(`${id}\n`)
    return hash.digest("hex")
}

/**
 * Returns the power-on time of each board, in seconds after the first board.
 * @param ids registration IDs in the order of the fleet file
 * @throws RangeError if the plan is for other boards
 */
export function powerOnSecs({ batches, fleet }: RolloutPlan, ids: string[]): number[] {
    if (idsSha256(ids) !== fleet.idsSha256)
        throw new RangeError("the plan is for other boards, or for another order of the boards")
    const firstMs = Date.parse(batches[0].startUtc)
    return batches.flatMap(({ startUtc, boards }) =>
        new Array<number>(boards).fill((Date.parse(startUtc) - firstMs) / 1000)
    )
}
