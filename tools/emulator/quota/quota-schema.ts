// The schema of quotas in a file or in a request to the admin API.
import * as v from "valibot"

const positive = v.pipe(v.number(), v.gtValue(0, "must be greater than 0"))
const nonNegativeInteger = v.pipe(
    v.number(),
    v.integer("must be an integer"),
    v.minValue(0, "must not be negative")
)
const count = v.pipe(nonNegativeInteger, v.minValue(1, "must be at least 1"))
const rate = v.nullable(v.strictObject({ calls: count, perSec: positive }))

/** A part of `Quotas`. Null turns a quota off. */
export const QUOTAS_SCHEMA = v.partial(
    v.strictObject({
        dpsRegistrations: rate,
        dpsPollsPerDevice: rate,
        dpsOperations: rate,
        hubConnects: rate,
        hubTelemetry: rate,
        hubDailyMessages: v.nullable(nonNegativeInteger),
    })
)
