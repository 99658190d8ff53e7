// The documented forms of `--json` output. The schemas are strict: an unknown field is an error.
import * as v from "valibot"
import { REPROVISION_RESULTS } from "../../tools/fleet/reprovision/index.js"

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const counts = v.record(v.string(), count)
const utc = v.pipe(v.string(), v.isoTimestamp())
const hour = v.strictObject({ utc, first: count, again: count })

/** Output of `moorage monitor --json`. */
export const SURVEY = v.strictObject({
    dps: v.string(),
    utc,
    tookSec: v.number(),
    calls: count,
    throttled: count,
    registered: count,
    statuses: counts,
    groups: v.array(
        v.strictObject({
            id: v.string(),
            isEnabled: v.boolean(),
            allocationPolicy: v.nullable(v.string()),
            registered: count,
            statuses: counts,
        })
    ),
    individuals: v.strictObject({
        enrollments: count,
        disabled: count,
        disabledIds: v.array(v.string()),
        lookedUp: count,
        registered: count,
        statuses: counts,
    }),
    hubs: v.array(
        v.strictObject({ hostName: v.string(), devices: count, share: v.pipe(v.number(), v.maxValue(1)) })
    ),
    failures: v.array(
        v.strictObject({
            errorCode: v.nullable(v.number()),
            errorMessage: v.string(),
            devices: count,
            example: v.string(),
        })
    ),
    rate: v.strictObject({
        days: count,
        fromUtc: utc,
        isApproximate: v.literal(true),
        hours: v.array(hour),
        byDay: v.array(hour),
    }),
})

/** Output of `moorage reprovision --json`. */
export const REPROVISION = v.strictObject({
    results: v.record(v.picklist(REPROVISION_RESULTS), count),
    skipped: count,
    isStopped: v.boolean(),
    devices: v.array(
        v.strictObject({
            id: v.string(),
            hub: v.nullable(v.string()),
            result: v.picklist(REPROVISION_RESULTS),
            code: v.nullable(v.number()),
            detail: v.string(),
            delaySec: v.nullable(count),
            isRecordDeleted: v.boolean(),
        })
    ),
})

const line = v.pipe(v.string(), v.nonEmpty(), v.regex(/^[^\r\n]*$/))

/** Output of `moorage doctor --json`. */
export const DOCTOR = v.strictObject({
    utc,
    isOffline: v.boolean(),
    isWell: v.boolean(),
    counts: v.strictObject({ ok: count, warn: count, fail: count, skip: count }),
    findings: v.array(
        v.strictObject({
            check: line,
            status: v.picklist(["ok", "warn", "fail", "skip"]),
            what: line,
            cure: v.nullable(line),
        })
    ),
})

const common = { sec: v.number(), text: v.string() }

/** One line of `moorage board --json`. */
export const BOARD_EVENT = v.variant("source", [
    v.strictObject({
        ...common,
        source: v.picklist(["board", "you"]),
        kind: v.picklist(["log", "power", "reset", "panic", "wifi", "button", "flash", "dark", "state"]),
        stored: v.optional(
            v.strictObject({
                programBytes: v.nullable(count),
                settings: v.record(v.string(), v.union([v.string(), v.number()])),
                ssid: v.nullable(v.string()),
                record: v.union([
                    v.picklist(["none", "damaged, or of another owner"]),
                    v.strictObject({ hub: v.string(), deviceId: v.string(), expirySec: count }),
                ]),
            })
        ),
    }),
    v.strictObject({ ...common, source: v.literal("cloud"), kind: v.literal("cloud") }),
    v.strictObject({ ...common, source: v.literal("moorage"), kind: v.picklist(["note", "end"]) }),
])
