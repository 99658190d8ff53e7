// Runs `moorage fault` and its subcommands.
import type { ActiveRule } from "@moorage/emulator"
import { usageError } from "../usage-error.js"
import { callAdminApi } from "./admin-client.js"

/** URL of the admin API, and format of the output. */
export interface AdminAccess {
    admin: string
    json: boolean
}

export interface FaultOptions {
    on?: string
    service?: string
    id?: string
    share?: number
    times?: number
    for?: number
    status?: number
    retryAfter?: number
    connack?: number
    delay?: number
    close?: boolean
    mute?: boolean
    dropAfter?: number
    closeAfterConnack?: number
}

export interface HubOptions {
    for: number
}

export interface RotateOptions {
    group?: string
    enrollment?: string
    hub?: string
    device?: string
    which: string
}

const toMs = (sec: number | undefined) => (sec === undefined ? undefined : sec * 1000)

function faultOf(options: FaultOptions) {
    const fault = {
        status: options.status,
        retryAfterSec: options.retryAfter,
        connack: options.connack,
        delayMs: toMs(options.delay),
        close: options.close,
        mute: options.mute,
        dropAfterBytes: options.dropAfter,
        closeAfterConnackMs: toMs(options.closeAfterConnack),
    }
    if (Object.values(fault).every(value => value === undefined))
        throw usageError("No fault specified.", {
            cure: "Use --status, --connack, --delay, --close or another fault option (see --help).",
        })
    return fault
}

/** Returns a rule as one line, for example `fault-1  10% of register at dps: status 503 (3 requests)`. */
function ruleText({ ruleId, on, service, id, share, times, fault, affectedRequests }: ActiveRule): string {
    const portion = share === undefined ? "all" : `${Math.round(share * 1000) / 10}%`
    const where = [service && `at ${service}`, id && `of ${id}`].filter(Boolean).join(" ")
    const what = Object.entries(fault).map(([name, value]) => `${name} ${String(value)}`)
    const limit = times === undefined ? "" : ` of ${times}`
    return `${ruleId}  ${portion} of ${on ?? "any request"} ${where}: ${what.join(", ")} (${affectedRequests}${limit} requests)`
}

function print<T>({ json }: AdminAccess, answer: unknown, text: (answer: T) => string): void {
    process.stdout.write(`${json ? JSON.stringify(answer) : text(answer as T)}\n`)
}

const DONE = () => "done"

/** Adds a rule and prints its ID. @throws MoorageError */
export async function addFaultRule(access: AdminAccess, options: FaultOptions): Promise<void> {
    const { on, service, id, share, times } = options
    const rule = { on, service, id, share, times, forSec: options.for, fault: faultOf(options) }
    const answer = await callAdminApi(access.admin, "POST", "/faults", rule)
    print(access, answer, ({ ruleId }: { ruleId: string }) => ruleId)
}

/** Prints the active rules. @throws MoorageError */
export async function listFaultRules(access: AdminAccess): Promise<void> {
    const rules = await callAdminApi(access.admin, "GET", "/faults")
    print(access, rules, (all: ActiveRule[]) => all.map(ruleText).join("\n") || "no faults")
}

/** Removes one rule, or all rules. @throws MoorageError */
export async function clearFaultRules(access: AdminAccess, ruleId: string | undefined): Promise<void> {
    const path = ruleId === undefined ? "/faults" : `/faults/${encodeURIComponent(ruleId)}`
    print(access, await callAdminApi(access.admin, "DELETE", path), DONE)
}

/** Takes a hub down or up, or starts a failover. @throws MoorageError */
export async function changeHub(
    access: AdminAccess,
    name: string,
    { action, for: forSec }: HubOptions & { action: string }
): Promise<void> {
    const body = action === "failover" ? { forSec } : undefined
    const path = `/hubs/${encodeURIComponent(name)}/${action}`
    print(access, await callAdminApi(access.admin, "POST", path, body), DONE)
}

/** Sets the offset of the cloud's clock. @throws MoorageError */
export async function skewClock(access: AdminAccess, skewSec: number): Promise<void> {
    print(access, await callAdminApi(access.admin, "POST", "/clock", { skewSec }), DONE)
}

/** Replaces a key and prints the new key. @throws MoorageError */
export async function rotateKey(access: AdminAccess, options: RotateOptions): Promise<void> {
    const answer = await callAdminApi(access.admin, "POST", rotatePath(options), { which: options.which })
    print(access, answer, ({ key }: { key: string }) => key)
}

function rotatePath({ group, enrollment, hub, device }: RotateOptions): string {
    if (group !== undefined) return `/enrollmentGroups/${encodeURIComponent(group)}/rotate`
    if (enrollment !== undefined) return `/enrollments/${encodeURIComponent(enrollment)}/rotate`
    if (hub !== undefined && device !== undefined)
        return `/hubs/${encodeURIComponent(hub)}/devices/${encodeURIComponent(device)}/rotate`
    throw usageError("No key specified.", { cure: "Use --group, --enrollment, or --hub with --device." })
}
