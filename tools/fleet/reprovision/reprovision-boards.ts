// Requests boards to register again, with the direct method `Reprovision` (R29, R30).
import type { Clock, Random } from "@moorage/runtime"
import { type HubApi, RateLimiter, type Services } from "../azure/index.js"
import { forEachConcurrent } from "../concurrency.js"
import { type ReprovisionOutcome, type ReprovisionResult, resultFromError } from "./reprovision-outcome.js"
import type { ReprovisionState } from "./reprovision-state.js"

export interface ReprovisionTarget {
    id: string
    /** Hub whose query found the device; undefined without a query. */
    hub?: string
}

export interface ReprovisionOptions {
    services: Services
    clock: Clock
    random: Random
    /** Maximum number of devices called per second. */
    perSec: number
    /** Each device waits for `delaySec` and for a random part of `spreadSec` before it registers. */
    delaySec: number
    spreadSec: number
    /** Time limit of a hub for the response of a device: 5 to 300. */
    timeoutSec: number
    /** Whether to delete the registration record in DPS first. */
    isForced: boolean
    /** Whether to find only the hubs, without calling a device. */
    isDryRun: boolean
    /** Hub of devices whose hub DPS does not know. */
    hub?: string
    state?: ReprovisionState
    /** Aborted when no further device should be called. Calls in progress are completed. */
    stop?: AbortSignal
    onOutcome: (outcome: ReprovisionOutcome) => void
}

/** Many calls run concurrently, so that devices that do not respond do not delay the others. */
const CONCURRENT_CALLS = 64
const ACCEPTED = 202
const METHOD = "Reprovision"

export interface ReprovisionSummary {
    /** Number of devices of this run by result. */
    results: Partial<Record<ReprovisionResult, number>>
    /** Number of devices skipped because they accepted in an earlier run. */
    skipped: number
    isStopped: boolean
}

/** Yields the targets with limited rate until the end of the list or until the run is stopped. */
async function* limitRate(
    targets: AsyncIterable<ReprovisionTarget> | Iterable<ReprovisionTarget>,
    { clock, perSec, state, stop }: ReprovisionOptions,
    onSkipped: () => void
): AsyncGenerator<ReprovisionTarget> {
    const limiter = new RateLimiter(clock, perSec)
    try {
        for await (const target of targets) {
            if (state?.isDone(target.id)) {
                onSkipped()
                continue
            }
            await limiter.acquire(stop)
            yield target
        }
    } catch (error) {
        if (!stop?.aborted || error !== stop.reason) throw error
    }
}

/** The hub of a device and the device ID at that hub. */
interface DeviceLocation {
    deviceId: string
    hub?: string
}

async function locate({ id, hub }: ReprovisionTarget, options: ReprovisionOptions): Promise<DeviceLocation> {
    if (hub !== undefined) return { deviceId: id, hub }
    const { services, state } = options
    const record = await services.dps?.registration(id)
    const onlyHub = services.dps || services.hubs.length !== 1 ? undefined : services.hubs[0].hostName
    return {
        deviceId: record?.deviceId ?? id,
        hub: record?.assignedHub ?? options.hub ?? state?.hubOf(id) ?? onlyHub,
    }
}

interface CallTiming {
    delaySec: number
    timeoutSec: number
}

async function callDevice(
    hub: HubApi,
    deviceId: string,
    { delaySec, timeoutSec }: CallTiming
): Promise<Pick<ReprovisionOutcome, "result" | "code" | "detail">> {
    const payload = { delaySec }
    const { status } = await hub.invokeMethod(deviceId, { methodName: METHOD, payload, timeoutSec })
    if (status === ACCEPTED) return { result: "accepted", code: status, detail: "" }
    const detail =
        status === 404 ? `the device has no method ${METHOD}` : `the device answered with status ${status}`
    return { result: "refused", code: status, detail }
}

/** Calls one device. @throws CloudError if the error is not specific to this device */
async function requestReprovisioning(
    target: ReprovisionTarget,
    options: ReprovisionOptions
): Promise<ReprovisionOutcome> {
    const { services, random, delaySec: minDelaySec, spreadSec, timeoutSec, isForced, isDryRun } = options
    const outcome: ReprovisionOutcome = {
        id: target.id,
        hub: target.hub ?? null,
        result: "unknown",
        code: null,
        detail: "DPS has no registration of the device. Set its hub with --hub",
        delaySec: null,
        isRecordDeleted: false,
    }
    const location = await locate(target, options)
    if (location.hub === undefined) return outcome
    outcome.hub = location.hub
    const hub = services.hub(location.hub)
    if (!hub) return { ...outcome, result: "noAccess", detail: `no connection string for ${location.hub}` }
    const delaySec = minDelaySec + Math.floor(random.next() * (spreadSec + 1))
    if (isDryRun) return { ...outcome, result: "planned", detail: "", delaySec }
    if (isForced) outcome.isRecordDeleted = (await services.dps?.deleteRegistration(target.id)) ?? false
    try {
        const result = await callDevice(hub, location.deviceId, { delaySec, timeoutSec })
        return { ...outcome, delaySec, ...result }
    } catch (error) {
        const result = resultFromError(error)
        if (result) return { ...outcome, ...result }
        // After the record is deleted, only the state file knows the hub of the device.
        if (outcome.isRecordDeleted)
            options.state?.add({ ...outcome, result: "failed" }, options.clock.nowMs())
        throw error
    }
}

/**
 * Calls all targets. If this function throws, the state file has the outcomes so far.
 * @throws CloudError if a service cannot be used at all; JournalError
 */
export async function reprovision(
    targets: AsyncIterable<ReprovisionTarget> | Iterable<ReprovisionTarget>,
    options: ReprovisionOptions
): Promise<ReprovisionSummary> {
    const { clock, state, stop, isDryRun, onOutcome } = options
    const results: ReprovisionSummary["results"] = {}
    let skipped = 0
    if (!isDryRun) state?.begin()
    const remaining = limitRate(targets, options, () => skipped++)
    await forEachConcurrent(remaining, CONCURRENT_CALLS, async target => {
        const outcome = await requestReprovisioning(target, options)
        results[outcome.result] = (results[outcome.result] ?? 0) + 1
        // The outcome is reported before it is stored, so that a write error does not hide it.
        onOutcome(outcome)
        if (!isDryRun) state?.add(outcome, clock.nowMs())
    })
    return { results, skipped, isStopped: stop?.aborted ?? false }
}

/** Yields the devices that a query finds on each of these hubs. @throws CloudError */
export async function* queryTargets(hubs: HubApi[], query: string): AsyncGenerator<ReprovisionTarget> {
    for (const hub of hubs)
        for await (const page of hub.deviceIds(query)) for (const id of page) yield { id, hub: hub.hostName }
}
