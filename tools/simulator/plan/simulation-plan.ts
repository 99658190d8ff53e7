// Simulation plans: boards, cloud, and events with their times. A plan is checked completely before a run.
import { existsSync, readdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { DocumentError, formatDocument, parseDocument, readDocument } from "@moorage/files"
import { DOCUMENTED_QUOTAS, QUOTAS_SCHEMA, type Quotas } from "@moorage/emulator"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import { boardNames } from "@moorage/vm"
import * as v from "valibot"

const BOARDS_MAX = 100_000
const DURATION_MAX_SEC = 400 * 86_400

const share = v.pipe(v.number(), v.minValue(0, "is less than 0"), v.maxValue(1, "is more than 1"))
const sec = v.pipe(v.number(), v.minValue(0, "is negative"))
const positiveSec = v.pipe(v.number(), v.gtValue(0, "must be greater than 0"))
const integer = v.pipe(v.number(), v.integer("is not an integer"), v.minValue(0, "is negative"))
const count = v.pipe(integer, v.minValue(1, "is less than 1"))
const hostName = v.pipe(v.string(), v.regex(/^[a-z0-9.-]+$/i, "is not a host name"))
const status = v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599))
const at = { atSec: sec }
/** Fields of an event that applies to a random share of the boards. */
const targeted = { ...at, share: v.optional(share, 1) }

const FAULT = v.pipe(
    v.partial(
        v.strictObject({
            status,
            retryAfterSec: integer,
            connack: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(255)),
            delayMs: positiveSec,
            close: v.boolean(),
            mute: v.boolean(),
            closeAfterConnackMs: integer,
        })
    ),
    v.check(fault => Object.keys(fault).length > 0, "names no fault")
)

/**
 * The events of a plan. `forSec` is how long an event lasts. `spreadSec` is the time over which the event is applied to
 * its boards.
 */
const EVENT = v.variant("do", [
    v.strictObject({
        do: v.literal("powerCut"),
        ...targeted,
        forSec: v.optional(sec, 5),
        spreadSec: v.optional(sec, 0),
    }),
    v.strictObject({
        do: v.literal("hostDown"),
        ...at,
        host: hostName,
        forSec: positiveSec,
        how: v.optional(v.picklist(["refuse", "drop", "mute"]), "refuse"),
    }),
    v.strictObject({ do: v.literal("failOver"), ...at, hub: hostName, forSec: positiveSec }),
    v.strictObject({
        do: v.literal("fault"),
        ...at,
        forSec: positiveSec,
        on: v.optional(v.picklist(["connect", "register", "poll", "lookup", "other"])),
        service: v.optional(v.string()),
        share: v.optional(share),
        fault: FAULT,
    }),
    v.strictObject({ do: v.literal("quotas"), ...at, forSec: positiveSec, quotas: QUOTAS_SCHEMA }),
    v.strictObject({ do: v.literal("clockSkew"), ...at, forSec: positiveSec, skewSec: v.number() }),
    v.strictObject({ do: v.literal("rotateKeys"), ...targeted }),
    v.strictObject({ do: v.literal("removeDevices"), ...targeted }),
    v.strictObject({ do: v.literal("forgetRegistrations"), ...targeted }),
    v.strictObject({ do: v.literal("allocate"), ...at, hubs: v.pipe(v.array(hostName), v.minLength(1)) }),
    v.strictObject({
        do: v.literal("reprovision"),
        ...targeted,
        how: v.optional(v.picklist(["method", "message", "twin", "button"]), "method"),
        delaySec: v.optional(integer, 0),
        spreadSec: v.optional(sec, 0),
    }),
    v.strictObject({ do: v.literal("disconnect"), ...targeted, spreadSec: v.optional(sec, 0) }),
    v.strictObject({
        do: v.literal("wifi"),
        ...targeted,
        offSec: positiveSec,
        onSec: v.optional(positiveSec, 60),
        times: v.optional(count, 1),
        spreadSec: v.optional(sec, 0),
    }),
    v.strictObject({ do: v.literal("partition"), ...targeted, forSec: positiveSec }),
    v.strictObject({ do: v.literal("halfOpen"), ...targeted }),
    v.strictObject({ do: v.literal("dnsDown"), ...at, host: hostName, forSec: positiveSec }),
    v.strictObject({ do: v.literal("flashFails"), ...targeted, forSec: positiveSec }),
    v.strictObject({
        do: v.literal("spoilRecord"),
        ...targeted,
        how: v.optional(v.picklist(["damaged", "foreign"]), "damaged"),
        forSec: v.optional(sec, 5),
    }),
    v.strictObject({ do: v.literal("tornWrite"), ...targeted, forSec: v.optional(sec, 5) }),
])

export type PlanEvent = v.InferOutput<typeof EVENT>

/** The network between a board and the cloud, apart from events. */
const NETWORK = v.strictObject({
    /** Minimum and maximum in one direction; random for each packet. */
    latencyMs: v.optional(v.tuple([sec, sec]), [20, 60]),
    /** Share of lost packets, which TCP sends again. */
    loss: v.optional(share, 0),
    /** Kilobits per second in each direction. */
    kbps: v.optional(positiveSec, 1000),
    dnsMs: v.optional(sec, 30),
    /** Computing time of a TLS handshake on the chip. The simulation uses no cryptography. */
    tlsMs: v.optional(sec, 1200),
})

const POWER_ON = v.variant("pattern", [
    v.strictObject({ pattern: v.literal("allAtOnce") }),
    v.strictObject({ pattern: v.literal("spread"), overSec: positiveSec }),
    v.strictObject({ pattern: v.literal("batches"), size: count, everySec: positiveSec }),
])

const setting = v.union([v.string(), v.number(), v.boolean()])

const PLAN = v.strictObject({
    name: v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, "has characters other than a-z, 0-9 and -")),
    /** Description for the report. */
    about: v.optional(v.string(), ""),
    durationSec: v.pipe(positiveSec, v.maxValue(DURATION_MAX_SEC, "is more than 400 days")),
    boards: v.strictObject({
        count: v.pipe(count, v.maxValue(BOARDS_MAX, `is more than ${BOARDS_MAX}`)),
        /** Numbers of the boards to simulate (default: all). */
        only: v.optional(v.array(integer)),
        mix: v.optional(
            v.pipe(
                v.array(v.strictObject({ profile: v.string(), weight: positiveSec })),
                v.minLength(1, "is empty")
            ),
            [{ profile: "moorage_devkitc", weight: 1 }]
        ),
        settings: v.optional(v.record(v.string(), setting), {}),
        /** Slots for the first registration: boards per slot, and length. */
        slots: v.optional(v.strictObject({ boards: count, slotSec: count })),
    }),
    powerOn: v.optional(POWER_ON, { pattern: "allAtOnce" }),
    network: v.optional(NETWORK, {}),
    hubs: v.optional(
        v.pipe(
            v.array(v.strictObject({ hostName, quotas: v.optional(QUOTAS_SCHEMA) })),
            v.minLength(1, "is empty. Name at least one hub")
        ),
        [{ hostName: "hub-1.azure-devices.net" }, { hostName: "hub-2.azure-devices.net" }]
    ),
    quotas: v.optional(QUOTAS_SCHEMA, {}),
    retryAfterSec: v.optional(count, 3),
    assigningMs: v.optional(sec, 2000),
    events: v.optional(v.array(EVENT), []),
    /** Time limit after the end of the last fault within which every board must be moored. */
    mooredWithinSec: v.optional(positiveSec, 2 * 3600),
})

export type SimulationPlan = v.InferOutput<typeof PLAN>

/** Returns the quotas of the plan's cloud. The documented values apply to quotas that the plan does not name. */
export function quotasOf(plan: SimulationPlan): Quotas {
    return { ...DOCUMENTED_QUOTAS, ...plan.quotas }
}

/** Returns the seconds from the start of an event to the end of its effect on the last board. */
export function eventDurationSec(event: PlanEvent): number {
    const forSec = "forSec" in event ? event.forSec : 0
    const spreadSec = "spreadSec" in event ? event.spreadSec : 0
    const flapSec = event.do === "wifi" ? event.times * (event.offSec + event.onSec) : 0
    const delaySec = event.do === "reprovision" ? event.delaySec : 0
    return forSec + spreadSec + flapSec + delaySec
}

/** Returns when the last board is powered on, in s since the run began. */
function powerOnEndSec({ powerOn, boards }: SimulationPlan): number {
    if (powerOn.pattern === "spread") return powerOn.overSec
    if (powerOn.pattern === "batches") return Math.floor((boards.count - 1) / powerOn.size) * powerOn.everySec
    return 0
}

/** Returns when the last slot ends, in s after power-on; 0 without slots. */
function slotsDurationSec({ boards }: SimulationPlan): number {
    return boards.slots ? Math.ceil(boards.count / boards.slots.boards) * boards.slots.slotSec : 0
}

/** Returns when the last fault ends, in s since the run began. */
export function faultsEndSec(plan: SimulationPlan): number {
    return Math.max(
        powerOnEndSec(plan) + slotsDurationSec(plan),
        ...plan.events.map(e => e.atSec + eventDurationSec(e))
    )
}

/** Returns the errors of event `index`: hosts that the plan does not have. */
function eventErrors(event: PlanEvent, index: number, hubs: string[]): string[] {
    const unknownHost = (field: string, host: string, others: string[] = []) => {
        const known = [...hubs, ...others]
        return known.includes(host)
            ? []
            : [`events[${index}].${field}: ${host} is none of ${known.join(", ")}`]
    }
    switch (event.do) {
        case "failOver":
            return unknownHost("hub", event.hub)
        case "hostDown":
        case "dnsDown":
            return unknownHost("host", event.host, [GLOBAL_DEVICE_ENDPOINT])
        case "fault":
            return event.service === undefined ? [] : unknownHost("service", event.service, ["dps"])
        case "allocate":
            return event.hubs.flatMap((hub, i) => unknownHost(`hubs[${i}]`, hub))
        default:
            return []
    }
}

function boardErrors({ boards }: SimulationPlan): string[] {
    const known = boardNames()
    const profiles = boards.mix.flatMap(({ profile }, i) =>
        known.includes(profile) ? [] : [`boards.mix[${i}].profile: ${profile} is none of ${known.join(", ")}`]
    )
    const numbers = (boards.only ?? []).flatMap(number =>
        number < boards.count
            ? []
            : [`boards.only: ${number} is greater than the last board, ${boards.count - 1}`]
    )
    return [...profiles, ...numbers]
}

function durationErrors(plan: SimulationPlan): string[] {
    const { durationSec, mooredWithinSec } = plan
    const endSec = faultsEndSec(plan)
    const minSec = endSec + mooredWithinSec
    return durationSec >= minSec
        ? []
        : [
              `durationSec: ${durationSec} is too short (minimum ${minSec}). The last fault ends at ${endSec} s, and ` +
                  `mooredWithinSec is ${mooredWithinSec} s`,
          ]
}

/** Returns the errors that a comparison of several parts of the plan finds. */
function consistencyErrors(plan: SimulationPlan): string[] {
    const hubs = plan.hubs.map(hub => hub.hostName)
    const [minMs, maxMs] = plan.network.latencyMs ?? [0, 0]
    return [
        ...boardErrors(plan),
        ...plan.events.flatMap((event, i) => eventErrors(event, i, hubs)),
        ...durationErrors(plan),
        ...(minMs > maxMs ? ["network.latencyMs: the minimum is greater than the maximum"] : []),
    ]
}

/**
 * Parses a plan from YAML or JSON.
 * @param name the plan or file that error texts name
 * @throws DocumentError with all errors, each with its path and line
 */
export function parseSimulationPlan(source: string, name: string): SimulationPlan {
    return parseDocument(PLAN, source, { name, findErrors: consistencyErrors })
}

const BUILTIN_PLANS = join(dirname(fileURLToPath(import.meta.url)), "../plans")

/** Returns the names of the built-in plans. */
export function builtinPlans(): string[] {
    return readdirSync(BUILTIN_PLANS)
        .filter(file => file.endsWith(".yaml"))
        .map(file => file.replace(/\.yaml$/, ""))
        .sort()
}

/** Reads a built-in plan or a plan file. @throws DocumentError if there is no such plan, or if it has errors */
export function readSimulationPlan(nameOrFile: string): SimulationPlan {
    if (builtinPlans().includes(nameOrFile))
        return readDocument(PLAN, join(BUILTIN_PLANS, `${nameOrFile}.yaml`), consistencyErrors)
    if (!existsSync(nameOrFile))
        throw new DocumentError(
            `There is no plan or file ${nameOrFile}. The built-in plans are ${builtinPlans().join(", ")}.`
        )
    return readDocument(PLAN, nameOrFile, consistencyErrors)
}

/** Returns the plan with another number of boards. @throws DocumentError if the plan does not allow that number */
export function withBoardCount(plan: SimulationPlan, count: number): SimulationPlan {
    return parseSimulationPlan(
        formatSimulationPlan({ ...plan, boards: { ...plan.boards, count } }),
        `${plan.name} with ${count} boards`
    )
}

/** Returns the plan as the text of a plan file. */
export function formatSimulationPlan(plan: SimulationPlan): string {
    return formatDocument(plan)
}
