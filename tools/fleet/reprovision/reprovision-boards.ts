// Boards asked to register anew, by the direct method that the firmware answers (seed: "responding to a user-initiated
// reprovisioning command").
import type { Clock, Random } from "@moorage/runtime"
import { type HubApi, RateLimiter, type Services } from "../azure/index.js"
import { forEachConcurrent } from "../concurrency.js"
import { type ReprovisionOutcome, type ReprovisionResult, resultFromError } from "./reprovision-outcome.js"
import type { ReprovisionState } from "./reprovision-state.js"

/** A device to ask; a query knows its hub already. */
export interface ReprovisionTarget {
    id: string
    hub?: string
}

export interface ReprovisionOptions {
    services: Services
    clock: Clock
    random: Random
    /** Devices asked in a second, at most. */
    perSec: number
    /** Every device is told to wait so long, and up to `spreadSec` more. */
    delaySec: number
    spreadSec: number
    /** How long a hub waits for a device's answer: 5 to 300. */
    timeoutSec: number
    /** Deletes the registration record in DPS first. */
    isForced: boolean
    /** Looks, and asks nobody. */
    isDryRun: boolean
    /** Where a device is of which DPS does not tell. */
    hub?: string
    state?: ReprovisionState
    /** Nobody more is asked from then on; those who were are waited for. */
    stop?: AbortSignal
    onOutcome: (outcome: ReprovisionOutcome) => void
}

/** How many devices are waited for at once: those that are slow must not hold up the others. */
const AT_ONCE = 64
const ACCEPTED = 202
const METHOD = "Reprovision"

export interface ReprovisionSummary {
    /** Devices that were asked in this run, by how it went. */
    results: Partial<Record<ReprovisionResult, number>>
    /** Devices left out since an earlier run had them. */
    skipped: number
    isStopped: boolean
}

/** The targets at their pace, until there are no more or it is stopped. */
async function* paced(
    targets: AsyncIterable<ReprovisionTarget> | Iterable<ReprovisionTarget>,
    { clock, perSec, state, stop }: ReprovisionOptions,
    onSkipped: () => void
): AsyncGenerator<ReprovisionTarget> {
    const pace = new RateLimiter(clock, perSec)
    try {
        for await (const target of targets) {
            if (state?.isDone(target.id)) {
                onSkipped()
                continue
            }
            await pace.acquire(stop)
            yield target
        }
    } catch (error) {
        if (!stop?.aborted || error !== stop.reason) throw error
    }
}

/** Where a device is, and what it is called there. */
interface Place {
    deviceId: string
    hub?: string
}

async function placeOf({ id, hub }: ReprovisionTarget, options: ReprovisionOptions): Promise<Place> {
    if (hub !== undefined) return { deviceId: id, hub }
    const { services, state } = options
    const record = await services.dps?.registration(id)
    const only = services.dps || services.hubs.length !== 1 ? undefined : services.hubs[0].hostName
    return {
        deviceId: record?.deviceId ?? id,
        hub: record?.assignedHub ?? options.hub ?? state?.hubOf(id) ?? only,
    }
}

async function call(
    hub: HubApi,
    deviceId: string,
    delaySec: number,
    timeoutSec: number
): Promise<Pick<ReprovisionOutcome, "result" | "code" | "detail">> {
    const { status } = await hub.invokeMethod(deviceId, {
        methodName: METHOD,
        payload: { delaySec },
        timeoutSec,
    })
    if (status === ACCEPTED) return { result: "accepted", code: status, detail: "" }
    const detail = status === 404 ? `it has no method ${METHOD}` : `it answered ${status}`
    return { result: "refused", code: status, detail }
}

/** Asks one device. @throws CloudError when the next one would fare no better */
async function ask(target: ReprovisionTarget, options: ReprovisionOptions): Promise<ReprovisionOutcome> {
    const { services, random, delaySec: leastSec, spreadSec, timeoutSec, isForced, isDryRun } = options
    const outcome: ReprovisionOutcome = {
        id: target.id,
        hub: target.hub ?? null,
        result: "unknown",
        code: null,
        detail: "DPS has no registration of it: name its hub with --hub",
        delaySec: null,
        isRecordDeleted: false,
    }
    const place = await placeOf(target, options)
    if (place.hub === undefined) return outcome
    outcome.hub = place.hub
    const hub = services.hub(place.hub)
    if (!hub) return { ...outcome, result: "noAccess", detail: `no connection string for ${place.hub}` }
    const delaySec = leastSec + Math.floor(random.next() * (spreadSec + 1))
    if (isDryRun) return { ...outcome, result: "planned", detail: "", delaySec }
    if (isForced) outcome.isRecordDeleted = (await services.dps?.deleteRegistration(target.id)) ?? false
    try {
        return { ...outcome, delaySec, ...(await call(hub, place.deviceId, delaySec, timeoutSec)) }
    } catch (error) {
        const result = resultFromError(error)
        if (result) return { ...outcome, ...result }
        // With its record gone, only the state file can tell a later run where it is.
        if (outcome.isRecordDeleted)
            options.state?.add({ ...outcome, result: "failed" }, options.clock.nowMs())
        throw error
    }
}

/**
 * Asks all targets. What was done is in the state file when this throws.
 * @throws CloudError when a service cannot be used at all; StateError
 */
export async function reprovision(
    targets: AsyncIterable<ReprovisionTarget> | Iterable<ReprovisionTarget>,
    options: ReprovisionOptions
): Promise<ReprovisionSummary> {
    const { clock, state, stop, isDryRun, onOutcome } = options
    const results: ReprovisionSummary["results"] = {}
    let skipped = 0
    if (!isDryRun) state?.begin()
    const left = paced(targets, options, () => skipped++)
    await forEachConcurrent(left, AT_ONCE, async target => {
        const outcome = await ask(target, options)
        results[outcome.result] = (results[outcome.result] ?? 0) + 1
        // Told first: what cannot be noted is known all the same.
        onOutcome(outcome)
        if (!isDryRun) state?.add(outcome, clock.nowMs())
    })
    return { results, skipped, isStopped: stop?.aborted ?? false }
}

/** The devices that a query finds on each of these hubs. */
export async function* queryTargets(hubs: HubApi[], query: string): AsyncGenerator<ReprovisionTarget> {
    for (const hub of hubs)
        for await (const page of hub.deviceIds(query)) for (const id of page) yield { id, hub: hub.hostName }
}
