import type { Clock, Random } from "@moorage/time"
import { type SasToken, verifySas } from "../auth/sas.js"
import type { CloudEvent, Fault } from "../events.js"
import type { InitialTwin } from "../hub/twin.js"
import { allocate, substatusOf } from "./allocation.js"
import {
    type DpsResponse,
    errorResponse,
    newEtag,
    newOperationId,
    type RegistrationState,
    timestamp,
} from "./bodies.js"
import { DEFAULT_REPROVISION, type Enrollment, Enrollments } from "./enrollments.js"
import type { DpsThrottle } from "../quota/throttles.js"
import { registrationIdOf } from "./registrationid.js"

/** What DPS asks of a linked hub. */
export interface LinkedHub {
    readonly hostName: string
    /** Creates the device identity with this twin, or gives the existing one these keys. */
    putDevice(deviceId: string, keys: string[], initialTwin?: InitialTwin): void
    removeDevice(deviceId: string): void
}

export interface DpsOptions {
    clock: Clock
    random: Random
    idScope: string
    hubs: LinkedHub[]
    /** How long an operation stays `assigning`. */
    assigningMs: number
    /** What a 202 says. */
    retryAfterSec: number
    /** Answer to the lookup of a board that never registered: 404, or 200 with `null`; the docs and the API differ. */
    lookupUnknown: 404 | "null"
    throttle: DpsThrottle
    record: (event: Omit<CloudEvent, "atMs" | "service">) => void
}

/** Calls counted for one registration ID. */
export interface DpsCounters {
    registrations: number
    polls: number
    lookups: number
}

interface Operation {
    operationId: string
    registrationId: string
    doneAtMs: number
    state: RegistrationState
}

/** A device that asks: who it says it is, and its token. */
export interface Caller {
    registrationId: string
    token: SasToken | undefined
}

/** DPS, without any transport: registrations, operations, the status lookup. */
export class DpsService {
    readonly enrollments = new Enrollments()
    private readonly states = new Map<string, RegistrationState>()
    /** Enrollment group of each registration that came through one. */
    private readonly groupsOf = new Map<string, string>()
    private readonly operations = new Map<string, Operation>()
    /** The latest operation of each registration ID. */
    private readonly latest = new Map<string, Operation>()
    private readonly counts = new Map<string, DpsCounters>()

    constructor(private readonly options: DpsOptions) {}

    get idScope(): string {
        return this.options.idScope
    }

    counters(registrationId: string): DpsCounters {
        let counts = this.counts.get(registrationId)
        if (!counts) {
            counts = { registrations: 0, polls: 0, lookups: 0 }
            this.counts.set(registrationId, counts)
        }
        return counts
    }

    /** The registration record, as the service API shows it. */
    registration(registrationId: string): RegistrationState | undefined {
        return this.states.get(registrationId.toLowerCase())
    }

    /** The registration records of an enrollment group. */
    registrationsOf(enrollmentGroupId: string): RegistrationState[] {
        const group = enrollmentGroupId.toLowerCase()
        return [...this.states.values()].filter(state => this.groupsOf.get(state.registrationId) === group)
    }

    /** Forgets the registration record; the device identity on its hub stays. */
    deleteRegistration(registrationId: string): boolean {
        return this.states.delete(registrationId.toLowerCase())
    }

    /** Register: always 202 first; the outcome comes by polling (facts 1.6). */
    register(caller: Caller, fault?: Fault): DpsResponse {
        this.counters(caller.registrationId).registrations++
        const refusal = this.early(fault, () => this.options.throttle.register()) ?? this.refusal(caller)
        if (!("base" in refusal)) return this.answer("register", caller, refusal)
        if (refusal.base.provisioningStatus === "disabled") {
            const registrationState = { registrationId: caller.registrationId, status: "disabled" }
            const body = { operationId: "", status: "disabled", registrationState }
            return this.answer("register", caller, { status: 200, body: JSON.stringify(body) })
        }
        const operation: Operation = {
            operationId: newOperationId(this.options.random),
            registrationId: caller.registrationId,
            doneAtMs: this.nowMs() + this.options.assigningMs,
            state: this.assign(caller.registrationId, refusal),
        }
        this.operations.set(operation.operationId, operation)
        this.latest.set(operation.registrationId, operation)
        return this.answer("register", caller, this.assigning(operation.operationId))
    }

    /** Operation status; whatever body came with the request is not looked at. */
    poll(caller: Caller, operationId: string, fault?: Fault): DpsResponse {
        this.counters(caller.registrationId).polls++
        const refusal =
            this.early(fault, () => this.options.throttle.poll(caller.registrationId)) ?? this.refusal(caller)
        if (!("base" in refusal)) return this.answer("poll", caller, refusal)
        const operation = this.operations.get(operationId)
        if (!operation || operation.registrationId !== caller.registrationId)
            return this.answer("poll", caller, this.error(404, 404204, "Operation not found."))
        if (this.isPending(operation)) {
            const { registrationId } = caller
            const registrationState = { registrationId, status: "assigning" as const }
            return this.answer("poll", caller, this.assigning(operationId, registrationState))
        }
        const { state } = operation
        const body = { operationId, status: state.status, registrationState: state }
        return this.answer("poll", caller, { status: 200, body: JSON.stringify(body) }, state.assignedHub)
    }

    /** Device Registration Status Lookup: the flat record. */
    lookup(caller: Caller, fault?: Fault): DpsResponse {
        this.counters(caller.registrationId).lookups++
        const refusal = this.early(fault, () => this.options.throttle.operate()) ?? this.refusal(caller)
        if (!("base" in refusal)) return this.answer("lookup", caller, refusal)
        const { registrationId } = caller
        const operation = this.latest.get(registrationId)
        const state: RegistrationState | undefined =
            operation && this.isPending(operation)
                ? { registrationId, status: "assigning" }
                : this.states.get(registrationId)
        if (state)
            return this.answer(
                "lookup",
                caller,
                { status: 200, body: JSON.stringify(state) },
                state.assignedHub
            )
        if (this.options.lookupUnknown === "null")
            return this.answer("lookup", caller, { status: 200, body: "null" })
        return this.answer("lookup", caller, this.error(404, 404201, "Registration not found."))
    }

    private nowMs(): number {
        return this.options.clock.nowMs()
    }

    /** An answer before anything is looked at: an injected fault's, or 429. */
    private early(fault: Fault | undefined, throttle: () => number): DpsResponse | undefined {
        if (fault?.status !== undefined)
            return this.error(fault.status, fault.status * 1000 + 1, "Injected fault.", fault.retryAfterSec)
        const retryAfterSec = throttle()
        return retryAfterSec ? this.error(429, 429001, "Too many requests.", retryAfterSec) : undefined
    }

    /** The enrollment that the caller proved to be of, or the refusal. */
    private refusal(caller: Caller): Enrollment | DpsResponse {
        if (registrationIdOf(caller.registrationId) === undefined)
            return this.error(400, 400004, "Registration ID is malformed.")
        const resource = `${this.options.idScope}/registrations/${caller.registrationId}`
        const nowSec = this.nowMs() / 1000
        const enrollment = this.options.hubs.length
            ? this.enrollments
                  .candidates(caller.registrationId)
                  .find(candidate => verifySas(caller.token, resource, candidate.keys, nowSec))
            : undefined
        return enrollment ?? this.error(401, 401000, "Unauthorized")
    }

    private isPending(operation: Operation): boolean {
        return this.nowMs() < operation.doneAtMs
    }

    private assigning(operationId: string, registrationState?: RegistrationState): DpsResponse {
        const body = JSON.stringify({ operationId, status: "assigning", registrationState })
        return { status: 202, body, retryAfterSec: this.options.retryAfterSec }
    }

    /** Decides the hub, makes the device identity there, keeps the record. */
    private assign(registrationId: string, enrollment: Enrollment): RegistrationState {
        const linked = this.options.hubs.map(hub => hub.hostName)
        const choices = (enrollment.base.iotHubs ?? linked).filter(name => linked.includes(name))
        const now = timestamp(this.nowMs())
        const old = this.states.get(registrationId)
        const frame = { registrationId, createdDateTimeUtc: old?.createdDateTimeUtc ?? now }
        if (choices.length === 0) {
            const failure = {
                status: "failed" as const,
                errorCode: 400208,
                errorMessage: "No linked IoT hub to assign to.",
            }
            return { ...frame, ...failure, lastUpdatedDateTimeUtc: now, etag: newEtag(this.options.random) }
        }
        const policy = enrollment.base.reprovisionPolicy ?? DEFAULT_REPROVISION
        const kept = policy.updateHubAssignment ? undefined : old?.assignedHub
        const hub = kept ?? allocate(enrollment.base.allocationPolicy, registrationId, choices)
        this.moveDevice(enrollment, old?.assignedHub, hub)
        const state: RegistrationState = {
            ...frame,
            assignedHub: hub,
            deviceId: enrollment.deviceId,
            status: "assigned",
            substatus: substatusOf(old, hub, policy.migrateDeviceData),
            lastUpdatedDateTimeUtc: now,
            etag: newEtag(this.options.random),
        }
        this.states.set(registrationId, state)
        if (enrollment.enrollmentGroupId)
            this.groupsOf.set(registrationId, enrollment.enrollmentGroupId.toLowerCase())
        else this.groupsOf.delete(registrationId)
        return state
    }

    private moveDevice(enrollment: Enrollment, from: string | undefined, to: string): void {
        for (const hub of this.options.hubs) {
            if (hub.hostName === to)
                hub.putDevice(enrollment.deviceId, enrollment.keys, enrollment.base.initialTwin)
            else if (hub.hostName === from) hub.removeDevice(enrollment.deviceId)
        }
    }

    private error(status: number, code: number, message: string, retryAfterSec?: number): DpsResponse {
        return errorResponse(status, code, message, this.options.random, this.nowMs(), retryAfterSec)
    }

    private answer(
        kind: "register" | "poll" | "lookup",
        caller: Caller,
        response: DpsResponse,
        detail?: string
    ): DpsResponse {
        this.options.record({ kind, id: caller.registrationId, status: response.status, detail })
        return response
    }
}
