// A plan: which boards, which cloud, and what befalls them when. Written by a person, checked whole before a run.
import { existsSync, readdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { DocumentError, formatDocument, parseDocument, readDocument } from "@moorage/files"
import { DOCUMENTED_QUOTAS, type Quotas } from "@moorage/emulator"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import { QUOTAS_SCHEMA } from "@moorage/emulator"
import { boardNames } from "@moorage/vm"
import * as v from "valibot"

const BOARDS_MAX = 100_000
const DURATION_MAX_SEC = 400 * 86_400

const share = v.pipe(v.number(), v.minValue(0, "is less than 0"), v.maxValue(1, "is more than 1"))
const sec = v.pipe(v.number(), v.minValue(0, "is negative"))
const someSec = v.pipe(v.number(), v.gtValue(0, "is not more than 0"))
const whole = v.pipe(v.number(), v.integer("is not a whole number"), v.minValue(0, "is negative"))
const count = v.pipe(whole, v.minValue(1, "is less than 1"))
const hostName = v.pipe(v.string(), v.regex(/^[a-z0-9.-]+$/i, "is not a host name"))
const status = v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599))
const at = { atSec: sec }
/** What befalls a part of the boards, each drawn by itself. */
const targeted = { ...at, share: v.optional(share, 1) }

const FAULT = v.pipe(
    v.partial(
        v.strictObject({
            status,
            retryAfterSec: whole,
            connack: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(255)),
            delayMs: someSec,
            close: v.boolean(),
            mute: v.boolean(),
            closeAfterConnackMs: whole,
        })
    ),
    v.check(fault => Object.keys(fault).length > 0, "says nothing of what is to happen")
)

/** What can befall a fleet. `forSec` is how long it lasts, `spreadSec` over how long the boards concerned are struck. */
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
        forSec: someSec,
        how: v.optional(v.picklist(["refuse", "drop", "mute"]), "refuse"),
    }),
    v.strictObject({ do: v.literal("failOver"), ...at, hub: hostName, forSec: someSec }),
    v.strictObject({
        do: v.literal("fault"),
        ...at,
        forSec: someSec,
        on: v.optional(v.picklist(["connect", "register", "poll", "lookup", "other"])),
        service: v.optional(v.string()),
        share: v.optional(share),
        fault: FAULT,
    }),
    v.strictObject({ do: v.literal("quotas"), ...at, forSec: someSec, quotas: QUOTAS_SCHEMA }),
    v.strictObject({ do: v.literal("clockSkew"), ...at, forSec: someSec, skewSec: v.number() }),
    v.strictObject({ do: v.literal("rotateKeys"), ...targeted }),
    v.strictObject({ do: v.literal("removeDevices"), ...targeted }),
    v.strictObject({ do: v.literal("forgetRegistrations"), ...targeted }),
    v.strictObject({ do: v.literal("allocate"), ...at, hubs: v.pipe(v.array(hostName), v.minLength(1)) }),
    v.strictObject({
        do: v.literal("reprovision"),
        ...targeted,
        how: v.optional(v.picklist(["method", "message", "twin", "button"]), "method"),
        delaySec: v.optional(whole, 0),
        spreadSec: v.optional(sec, 0),
    }),
    v.strictObject({ do: v.literal("disconnect"), ...targeted, spreadSec: v.optional(sec, 0) }),
    v.strictObject({
        do: v.literal("wifi"),
        ...targeted,
        offSec: someSec,
        onSec: v.optional(someSec, 60),
        times: v.optional(count, 1),
        spreadSec: v.optional(sec, 0),
    }),
    v.strictObject({ do: v.literal("partition"), ...targeted, forSec: someSec }),
    v.strictObject({ do: v.literal("halfOpen"), ...targeted }),
    v.strictObject({ do: v.literal("dnsDown"), ...at, host: hostName, forSec: someSec }),
    v.strictObject({ do: v.literal("flashFails"), ...targeted, forSec: someSec }),
    v.strictObject({
        do: v.literal("spoilRecord"),
        ...targeted,
        how: v.optional(v.picklist(["damaged", "foreign"]), "damaged"),
        forSec: v.optional(sec, 5),
    }),
    v.strictObject({ do: v.literal("tornWrite"), ...targeted, forSec: v.optional(sec, 5) }),
])

export type PlanEvent = v.InferOutput<typeof EVENT>

/** How the network behaves between a board and the cloud, when nothing special befalls it. */
const NETWORK = v.strictObject({
    /** One way, least and most; each packet draws its own. */
    latencyMs: v.optional(v.tuple([sec, sec]), [20, 60]),
    /** Share of packets lost; TCP sends them again. */
    loss: v.optional(share, 0),
    /** Kilobits a second, each way. */
    kbps: v.optional(someSec, 1000),
    dnsMs: v.optional(sec, 30),
    /** Reckoning of a TLS handshake on the chip; no real cryptography happens here. */
    tlsMs: v.optional(sec, 1200),
})

const POWER_ON = v.variant("pattern", [
    v.strictObject({ pattern: v.literal("allAtOnce") }),
    v.strictObject({ pattern: v.literal("spread"), overSec: someSec }),
    v.strictObject({ pattern: v.literal("batches"), size: count, everySec: someSec }),
])

const setting = v.union([v.string(), v.number(), v.boolean()])

const PLAN = v.strictObject({
    name: v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, "is not a name: a-z, 0-9 and -")),
    /** A sentence for the report. */
    about: v.optional(v.string(), ""),
    durationSec: v.pipe(someSec, v.maxValue(DURATION_MAX_SEC, "is more than 400 days")),
    boards: v.strictObject({
        count: v.pipe(count, v.maxValue(BOARDS_MAX, `is more than ${BOARDS_MAX}`)),
        /** Numbers of the boards that there are, of those; all unless given. */
        only: v.optional(v.array(whole)),
        mix: v.optional(
            v.pipe(
                v.array(v.strictObject({ profile: v.string(), weight: someSec })),
                v.minLength(1, "is empty")
            ),
            [{ profile: "moorage_devkitc", weight: 1 }]
        ),
        settings: v.optional(v.record(v.string(), setting), {}),
        /** First boots in slots: so many boards in each, so long. */
        slots: v.optional(v.strictObject({ boards: count, slotSec: count })),
    }),
    powerOn: v.optional(POWER_ON, { pattern: "allAtOnce" }),
    network: v.optional(NETWORK, {}),
    hubs: v.optional(
        v.pipe(
            v.array(v.strictObject({ hostName, quotas: v.optional(QUOTAS_SCHEMA) })),
            v.minLength(1, "is empty: a board needs a hub")
        ),
        [{ hostName: "hub-1.azure-devices.net" }, { hostName: "hub-2.azure-devices.net" }]
    ),
    quotas: v.optional(QUOTAS_SCHEMA, {}),
    retryAfterSec: v.optional(count, 3),
    assigningMs: v.optional(sec, 2000),
    events: v.optional(v.array(EVENT), []),
    /** After the last fault has ended every board is moored within this time. */
    mooredWithinSec: v.optional(someSec, 2 * 3600),
})

export type SimulationPlan = v.InferOutput<typeof PLAN>

/** The throttles of the plan's cloud, those that it does not name as documented. */
export function quotasOf(plan: SimulationPlan): Quotas {
    return { ...DOCUMENTED_QUOTAS, ...plan.quotas }
}

/** How long an event lasts, in s from its beginning to the end of what it does to the last board. */
export function eventDurationSec(event: PlanEvent): number {
    const forSec = "forSec" in event ? event.forSec : 0
    const spreadSec = "spreadSec" in event ? event.spreadSec : 0
    const flapSec = event.do === "wifi" ? event.times * (event.offSec + event.onSec) : 0
    const delaySec = event.do === "reprovision" ? event.delaySec : 0
    return forSec + spreadSec + flapSec + delaySec
}

/** When the last board has been powered on, in s. */
export function powerOnEndSec({ powerOn, boards }: SimulationPlan): number {
    if (powerOn.pattern === "spread") return powerOn.overSec
    if (powerOn.pattern === "batches") return Math.floor((boards.count - 1) / powerOn.size) * powerOn.everySec
    return 0
}

/** When the last slot of a first boot is over, in s after power-on. */
export function slotsDurationSec({ boards }: SimulationPlan): number {
    return boards.slots ? Math.ceil(boards.count / boards.slots.boards) * boards.slots.slotSec : 0
}

/** When the last fault is over, in s. */
export function faultsEndSec(plan: SimulationPlan): number {
    return Math.max(
        powerOnEndSec(plan) + slotsDurationSec(plan),
        ...plan.events.map(e => e.atSec + eventDurationSec(e))
    )
}

/** Mistakes that only show when parts of the plan are put side by side. */
function consistencyErrors(plan: SimulationPlan): string[] {
    const wrong: string[] = []
    const hubs = plan.hubs.map(hub => hub.hostName)
    const known = boardNames()
    for (const [i, { profile }] of plan.boards.mix.entries())
        if (!known.includes(profile))
            wrong.push(`boards.mix[${i}].profile: ${profile} is none of ${known.join(", ")}`)
    for (const number of plan.boards.only ?? [])
        if (number >= plan.boards.count) wrong.push(`boards.only: there is no board ${number}`)
    const checkHub = (where: string, host: string, others: string[] = []) => {
        if (!hubs.includes(host) && !others.includes(host))
            wrong.push(`${where}: ${host} is none of ${[...hubs, ...others].join(", ")}`)
    }
    for (const [i, event] of plan.events.entries()) {
        if (event.do === "failOver") checkHub(`events[${i}].hub`, event.hub)
        if (event.do === "hostDown" || event.do === "dnsDown")
            checkHub(`events[${i}].host`, event.host, [GLOBAL_DEVICE_ENDPOINT])
        if (event.do === "fault" && event.service !== undefined)
            checkHub(`events[${i}].service`, event.service, ["dps"])
        if (event.do === "allocate") event.hubs.forEach((hub, j) => checkHub(`events[${i}].hubs[${j}]`, hub))
    }
    const neededSec = faultsEndSec(plan) + plan.mooredWithinSec
    if (plan.durationSec < neededSec)
        wrong.push(
            `durationSec: ${plan.durationSec} is too short: the last fault ends at ${faultsEndSec(plan)} s, and ` +
                `boards have mooredWithinSec, ${plan.mooredWithinSec} s, after that`
        )
    if (plan.network.latencyMs && plan.network.latencyMs[0] > plan.network.latencyMs[1])
        wrong.push("network.latencyMs: the least is more than the most")
    return wrong
}

/** @throws DocumentError with every mistake, each with its path and line */
export function parseSimulationPlan(source: string, name: string): SimulationPlan {
    return parseDocument(PLAN, source, { name, findErrors: consistencyErrors })
}

const BUILTIN_PLANS = join(dirname(fileURLToPath(import.meta.url)), "../plans")

/** Names of the ready plans. */
export function builtinPlans(): string[] {
    return readdirSync(BUILTIN_PLANS)
        .filter(file => file.endsWith(".yaml"))
        .map(file => file.replace(/\.yaml$/, ""))
        .sort()
}

/** The plan of that name, or in that file. @throws DocumentError */
export function readSimulationPlan(nameOrFile: string): SimulationPlan {
    if (builtinPlans().includes(nameOrFile))
        return readDocument(PLAN, join(BUILTIN_PLANS, `${nameOrFile}.yaml`), consistencyErrors)
    if (!existsSync(nameOrFile))
        throw new DocumentError(
            `There is no plan ${nameOrFile}: no such file, and none of the ready ones: ${builtinPlans().join(", ")}.`
        )
    return readDocument(PLAN, nameOrFile, consistencyErrors)
}

/** The plan with another number of boards. @throws DocumentError when that cannot be */
export function withBoardCount(plan: SimulationPlan, count: number): SimulationPlan {
    return parseSimulationPlan(
        formatSimulationPlan({ ...plan, boards: { ...plan.boards, count } }),
        `${plan.name} with ${count} boards`
    )
}

/** The plan as a file. */
export function formatSimulationPlan(plan: SimulationPlan): string {
    return formatDocument(plan)
}
