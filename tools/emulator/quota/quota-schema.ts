// How a file or a request says which throttles there are.
import * as v from "valibot"

const positive = v.pipe(v.number(), v.gtValue(0, "is not more than 0"))
const whole = v.pipe(v.number(), v.integer("is not a whole number"), v.minValue(0, "is negative"))
const count = v.pipe(whole, v.minValue(1, "is less than 1"))
const rate = v.nullable(v.strictObject({ calls: count, perSec: positive }))

/** Any of `Quotas`; null turns one off. */
export const QUOTAS_SCHEMA = v.partial(
    v.strictObject({
        dpsRegistrations: rate,
        dpsPollsPerDevice: rate,
        dpsOperations: rate,
        hubConnects: rate,
        hubTelemetry: rate,
        hubDailyMessages: v.nullable(whole),
    })
)
