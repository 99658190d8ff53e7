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
import type { CloudEvent } from "./cloud-events.js"
import type { FaultSource } from "./faults/injected-fault.js"
import { FaultRules } from "./faults/fault-rules.js"
import { Hub } from "./hub/hub.js"
import { DEFAULT_QUIRKS, type Quirks } from "./quirks.js"
import { DOCUMENTED_QUOTAS, type Quotas } from "./quota/quotas.js"
import { DpsThrottle, HubThrottle } from "./quota/throttles.js"
import { SkewedClock } from "@moorage/runtime"
import { memoryStore, type StateStore, type Snapshot } from "./state/state-store.js"

export interface HubSettings {
    hostName: string
    /** Who may use the hub's service API; those of a new IoT hub with new keys unless given. */
    policies?: SharedAccessPolicy[]
    /** Its own throttles, over those of the cloud. */
    quotas?: Partial<Quotas>
}

export interface CloudOptions {
    clock: Clock
    random: Random
    idScope: string
    hubs: HubSettings[]
    /** Who may use the DPS service API; `provisioningserviceowner` with a new key unless given. */
    dpsPolicies?: SharedAccessPolicy[]
    enrollments?: IndividualEnrollment[]
    enrollmentGroups?: EnrollmentGroup[]
    /** How long an operation stays `assigning`; default 2 s. */
    assigningMs?: number
    /** What a 202 says; the real service says 3. */
    retryAfterSec?: number
    /** What `geoLatency` allocation goes by: how far the hubs are from which devices. */
    latencies?: LatencyRow[]
    /** How `custom` allocation asks its webhook; it fails without. */
    callWebhook?: CallWebhook
    /** What the documents leave open, done otherwise. */
    quirks?: Partial<Quirks>
    /** Throttles other than the documented ones; null turns one off. */
    quotas?: Partial<Quotas>
    /** Where state outlives the process. */
    stateStore?: StateStore
    /** What an earlier process kept: it goes before the enrollments and policies given here. */
    snapshot?: Snapshot
}

/** How many events `history` keeps. */
const HISTORY_MAX = 10_000

/**
 * An emulated DPS and its linked IoT hubs. It has no sockets of its own: bytes come in by Links, time
 * and chance by arguments, so that it runs the same on real TLS and in a simulation.
 */
export class Cloud {
    /** As the cloud has it: it may be wrong on purpose. */
    readonly clock: SkewedClock
    readonly random: Random
    readonly dps: DpsService
    readonly dpsAccess: AccessPolicies
    /** The latest events, oldest first. */
    readonly history: CloudEvent[] = []
    /** Faults that were ordered, by a test, over the admin API or at the command line. */
    readonly faultRules: FaultRules
    /** A fault of a test's own, asked before the rules at every point where one can be put. */
    faultOverride: FaultSource | undefined
    /** What is asked at every such point. */
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

    /** The hub of that name. @throws RangeError when there is none */
    hub(hostName: string): Hub {
        const hub = this.findHub(hostName)
        if (!hub) throw new RangeError(`no hub ${hostName}; there are: ${[...this.hubs.keys()].join(", ")}`)
        return hub
    }

    /** Who may use a hub's service API. @throws RangeError when there is no such hub */
    hubAccess(hostName: string): AccessPolicies {
        return this.hubAccesses.get(this.hub(hostName).hostName) as AccessPolicies
    }

    hubNames(): string[] {
        return [...this.hubs.keys()]
    }

    findHub(hostName: string): Hub | undefined {
        return this.hubs.get(hostName.toLowerCase())
    }

    /** Changes throttles while the cloud runs; those that are not given stay. */
    setQuotas(quotas: Partial<Quotas>): void {
        this.quotas = { ...this.quotas, ...quotas }
        this.dps.throttle.setQuotas(this.quotas)
        for (const [name, hub] of this.hubs)
            hub.throttle.setQuotas({ ...this.quotas, ...this.hubQuotas.get(name) })
    }

    /** DPS calls counted for a registration ID. */
    counters(registrationId: string): DpsCounters {
        return this.dps.counters(registrationId)
    }

    /** Calls `fn` at each event; returns what ends that. */
    onEvent(fn: (event: CloudEvent) => void): () => void {
        this.listeners.add(fn)
        return () => this.listeners.delete(fn)
    }

    record(service: string, event: Omit<CloudEvent, "atMs" | "service">): void {
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
        const kept = this.snapshot.get(key) as SharedAccessPolicy[] | undefined
        return new AccessPolicies(given ?? kept, defaults, this.random, made =>
            this.stateStore.markChanged(key, () => made)
        )
    }

    private addHub(settings: HubSettings): void {
        const name = settings.hostName.toLowerCase()
        this.hubAccesses.set(name, this.createPolicies(name, settings.policies, HUB_POLICIES))
        const { clock, random, quirks, stateStore: keeper } = this
        this.hubQuotas.set(name, settings.quotas ?? {})
        const throttle = new HubThrottle({ ...this.quotas, ...settings.quotas }, clock.source)
        const record = (event: Omit<CloudEvent, "atMs" | "service">) => this.record(name, event)
        const hub = new Hub({ hostName: name, clock, random, quirks, stateStore: keeper, throttle, record })
        hub.restore(this.snapshot)
        this.hubs.set(name, hub)
    }
}
