// The schemas of the requests to the admin API.
import * as v from "valibot"
import { FAULT_POINTS } from "../faults/injected-fault.js"

export { QUOTAS_SCHEMA } from "../quota/quota-schema.js"

const count = v.pipe(v.number(), v.integer(), v.minValue(1))
const nonNegativeInteger = v.pipe(v.number(), v.integer(), v.minValue(0))
const positive = v.pipe(v.number(), v.gtValue(0))
const status = v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599))

const FAULT_SCHEMA = v.pipe(
    v.strictObject({
        status: v.optional(status),
        retryAfterSec: v.optional(nonNegativeInteger),
        connack: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(255))),
        delayMs: v.optional(positive),
        close: v.optional(v.boolean()),
        mute: v.optional(v.boolean()),
        dropAfterBytes: v.optional(nonNegativeInteger),
        closeAfterConnackMs: v.optional(nonNegativeInteger),
    }),
    v.check(fault => Object.keys(fault).length > 0, "must have at least one effect")
)

/** Body of `POST /faults`. */
export const FAULT_RULE_SCHEMA = v.strictObject({
    on: v.optional(v.picklist(FAULT_POINTS)),
    service: v.optional(v.string()),
    id: v.optional(v.string()),
    share: v.optional(v.pipe(positive, v.maxValue(1))),
    times: v.optional(count),
    forSec: v.optional(positive),
    fault: FAULT_SCHEMA,
})

/** Body of `POST /hubs/{name}/failover`. */
export const FAILOVER_SCHEMA = v.strictObject({ forSec: positive })

/** Body of `POST /clock`. */
export const CLOCK_SCHEMA = v.strictObject({ skewSec: v.number() })

/** Body of `POST .../rotate`. */
export const ROTATE_SCHEMA = v.strictObject({
    which: v.optional(v.picklist(["primary", "secondary"]), "primary"),
})
