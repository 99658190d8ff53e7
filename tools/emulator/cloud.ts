import type { Clock, Random } from "@moorage/runtime"
import {
    AccessPolicies,
    DPS_POLICIES,
    HUB_POLICIES,
    type KeylessPolicy,
    type SharedAccessPolicy,
} from "./auth/access-policies.js"
import type { LatencyRow } from "./dps/allocation.js"
import type { EnrollmentGroup, IndividualEnrollment } from "./dps/enrollments.js"
import { type DpsCounters, DpsService } from "./dps/dps-service.js"
import type { CallWebhook } from "./dps/allocation-webhook.js"
import type { CloudEvent, NewCloudEvent } from "./cloud-events.js"
import type { FaultSource } from "./faults/injected-fault.js"
import { FaultRules } from "./faults/fault-rules.js"
import { Hub } from "./hub/hub.js"
import { DEFAULT_QUIRKS, type Quirks } from "./quirks.js"
import { DOCUMENTED_QUOTAS, type Quotas } from "./quota/documented-quotas.js"
import { DpsThrottle, HubThrottle } from "./quota/throttles.js"
import { SkewedClock } from "@moorage/runtime"
import { memoryStore, type StateStore, type Snapshot } from "./state/state-store.js"

export interface HubSettings {
    hostName: string
    /** The policies of the hub's service API (default: those of a new IoT hub, with new keys). */
    policies?: SharedAccessPolicy[]
    /** Quotas of this hub. They override the quotas of the cloud. */
    quotas?: Partial<Quotas>
}

export interface CloudOptions {
    clock: Clock
    random: Random
    idScope: string
    hubs: HubSettings[]
    /** The policies of the DPS service API (default: `provisioningserviceowner` with a new key). */
    dpsPolicies?: SharedAccessPolicy[]
    enrollments?: IndividualEnrollment[]
    enrollmentGroups?: EnrollmentGroup[]
    /** The time that a registration stays `assigning` (default: 2 s). */
    assigningMs?: number
    /** `retry-after` of a 202 (default: 3, as the real service sends). */
    retryAfterSec?: number
    /** The latencies for `geoLatency` allocation. */
    latencies?: LatencyRow[]
    /** Calls the webhook of `custom` allocation. Without it, `custom` allocation fails. */
    callWebhook?: CallWebhook
    /** Behaviour that the documents leave open. */
    quirks?: Partial<Quirks>
    /** Quotas that differ from the documented ones. Null turns a quota off. */
    quotas?: Partial<Quotas>
    /** Storage for state that must survive the process. */
    stateStore?: StateStore
    /** The state that an earlier process stored. It takes precedence over the enrollments and policies given here. */
    snapshot?: Snapshot
}

/** The number of events in `history`. */
const HISTORY_MAX = 10_000

/**
 * An emulated DPS and its linked IoT hubs, without a transport. The transports (`acceptMqtt`, `acceptHttp`) connect links
 * to it. The clock and the random generator are arguments, so that it also runs in a simulation.
 */
export class Cloud {
    /** The clock of the cloud. It can be set wrong for a test. */
    readonly clock: SkewedClock
    readonly random: Random
    readonly dps: DpsService
    readonly dpsAccess: AccessPolicies
    /** The latest events, oldest first. */
    readonly history: CloudEvent[] = []
    /** The fault rules from a test, the admin API or the command line. */
    readonly faultRules: FaultRules
    /** A function of a test that takes precedence over the fault rules. */
    faultOverride: FaultSource | undefined
    /** Returns the fault for a request. The transports call it for each request. */
    readonly findFault: FaultSource = point => this.faultOverride?.(point) ?? this.faultRules.faultAt(point)
    readonly stateStore: StateStore
    private quotas: Quotas
    private readonly quirks: Quirks
    private readonly snapshot: Snapshot
    private readonly hubs = new Map<string, Hub>()
    private readonly hubQuotas = new Map<string, Partial<Quotas>>()
    private readonly hubAccesses = new Map<string, AccessPolicies>()
    private readonly listeners = new Set<(event: CloudEvent) => void>()

    constructor(options: CloudOptions) {
        this.clock = new SkewedClock(options.clock)
        this.random = options.random
        this.faultRules = new FaultRules(options.clock, options.random)
        this.stateStore = options.stateStore ?? memoryStore
        this.snapshot = options.snapshot ?? new Map()
        this.quotas = { ...DOCUMENTED_QUOTAS, ...options.quotas }
        this.quirks = { ...DEFAULT_QUIRKS, ...options.quirks }
        this.dpsAccess = this.createPolicies("dps", options.dpsPolicies, DPS_POLICIES)
        for (const settings of options.hubs) this.addHub(settings)
        this.dps = new DpsService({
            clock: this.clock,
            random: options.random,
            idScope: options.idScope,
            hubs: [...this.hubs.values()],
            assigningMs: options.assigningMs ?? 2000,
            retryAfterSec: options.retryAfterSec ?? 3,
            latencies: options.latencies ?? [],
            callWebhook: options.callWebhook,
            quirks: this.quirks,
            throttle: new DpsThrottle(this.quotas, options.clock),
            stateStore: this.stateStore,
            record: event => this.record("dps", event),
        })
        this.dps.restore(this.snapshot)
        const { enrollments } = this.dps
        for (const enrollment of options.enrollments ?? [])
            if (!enrollments.individual(enrollment.registrationId)) enrollments.putIndividual(enrollment)
        for (const group of options.enrollmentGroups ?? [])
            if (!enrollments.group(group.enrollmentGroupId)) enrollments.putGroup(group)
    }

    /** Returns the hub with this host name. @throws RangeError if it does not exist */
    hub(hostName: string): Hub {
        const hub = this.findHub(hostName)
        if (!hub)
            throw new RangeError(`unknown hub ${hostName}; the hubs are ${[...this.hubs.keys()].join(", ")}`)
        return hub
    }

    /** Returns the policies of a hub's service API. @throws RangeError if the hub does not exist */
    hubAccess(hostName: string): AccessPolicies {
        return this.hubAccesses.get(this.hub(hostName).hostName) as AccessPolicies
    }

    /** Returns the host names of all hubs, in lower case. */
    hubNames(): string[] {
        return [...this.hubs.keys()]
    }

    /** Returns the hub with this host name in any case, or undefined. */
    findHub(hostName: string): Hub | undefined {
        return this.hubs.get(hostName.toLowerCase())
    }

    /** Changes quotas while the cloud runs. Quotas that are not given keep their values. */
    setQuotas(quotas: Partial<Quotas>): void {
        this.quotas = { ...this.quotas, ...quotas }
        this.dps.throttle.setQuotas(this.quotas)
        for (const [name, hub] of this.hubs)
            hub.throttle.setQuotas({ ...this.quotas, ...this.hubQuotas.get(name) })
    }

    /** Returns the number of DPS calls for a registration ID. */
    counters(registrationId: string): DpsCounters {
        return this.dps.counters(registrationId)
    }

    /** Calls `listener` for each event. @returns a function that removes the listener */
    onEvent(listener: (event: CloudEvent) => void): () => void {
        this.listeners.add(listener)
        return () => this.listeners.delete(listener)
    }

    /** Adds an event to the history and passes it to the listeners. */
    record(service: string, event: NewCloudEvent): void {
        const full = { atMs: this.clock.nowMs(), service, ...event }
        this.history.push(full)
        if (this.history.length > HISTORY_MAX) this.history.shift()
        for (const listener of this.listeners) listener(full)
    }

    private createPolicies(
        name: string,
        given: SharedAccessPolicy[] | undefined,
        defaults: KeylessPolicy[]
    ): AccessPolicies {
        const key = `policies/${name}`
        const stored = this.snapshot.get(key) as SharedAccessPolicy[] | undefined
        return new AccessPolicies({
            current: given ?? stored,
            defaults,
            random: this.random,
            onCreated: created => this.stateStore.markChanged(key, () => created),
        })
    }

    private addHub(settings: HubSettings): void {
        const name = settings.hostName.toLowerCase()
        this.hubAccesses.set(name, this.createPolicies(name, settings.policies, HUB_POLICIES))
        const { clock, random, quirks, stateStore } = this
        this.hubQuotas.set(name, settings.quotas ?? {})
        const throttle = new HubThrottle({ ...this.quotas, ...settings.quotas }, clock.source)
        const record = (event: NewCloudEvent) => this.record(name, event)
        const hub = new Hub({ hostName: name, clock, random, quirks, stateStore, throttle, record })
        hub.restore(this.snapshot)
        this.hubs.set(name, hub)
    }
}
