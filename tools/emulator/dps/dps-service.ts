// DPS without a transport: enrollments, registrations, allocation of hubs and the status lookup.
import type { Clock, Random } from "@moorage/runtime"
import { parseRegistrationId } from "@moorage/protocol"
import { type SasToken, verifySasToken } from "../auth/sas-verification.js"
import type { NewCloudEvent } from "../cloud-events.js"
import type { InjectedFault } from "../faults/injected-fault.js"
import type { Quirks } from "../quirks.js"
import type { DpsThrottle } from "../quota/throttles.js"
import type { Snapshot, StateStore } from "../state/state-store.js"
import type { LatencyRow } from "./allocation.js"
import { Assigner, type LinkedHub } from "./assignment.js"
import {
    type DpsError,
    type DpsResponse,
    errorResponse,
    newOperationId,
    parseRegisterPayload,
    type RegistrationState,
} from "./dps-bodies.js"
import { type Enrollment, Enrollments } from "./enrollments.js"
import { type RegistrationOperation, RegistrationOperations } from "./registration-operations.js"
import { Registrations } from "./registrations.js"
import type { CallWebhook } from "./allocation-webhook.js"

export interface DpsOptions {
    clock: Clock
    random: Random
    idScope: string
    hubs: LinkedHub[]
    /** The time that a registration stays `assigning`. */
    assigningMs: number
    /** `retry-after` of a 202. */
    retryAfterSec: number
    /** The latencies for `geoLatency` allocation. */
    latencies: LatencyRow[]
    /** Calls the webhook of `custom` allocation. */
    callWebhook: CallWebhook | undefined
    quirks: Quirks
    throttle: DpsThrottle
    stateStore: StateStore
    record: (event: NewCloudEvent) => void
}

/** The number of calls for one registration ID. */
export interface DpsCounters {
    registrations: number
    polls: number
    lookups: number
}

/** The sender of a request: its claimed registration ID and its token. */
export interface Caller {
    registrationId: string
    token: SasToken | undefined
}

/** The maximum number of registration IDs with counters. It bounds the memory if a client tries many IDs. */
const COUNTED_MAX = 1_000_000

/** DPS without a transport: registrations, operations and the status lookup. */
export class DpsService {
    readonly enrollments: Enrollments
    private readonly registrations: Registrations
    private readonly operations: RegistrationOperations
    private readonly assigner: Assigner
    private readonly counts = new Map<string, DpsCounters>()

    constructor(private readonly options: DpsOptions) {
        const { clock, stateStore } = options
        this.enrollments = new Enrollments(stateStore)
        this.registrations = new Registrations(stateStore)
        this.operations = new RegistrationOperations(clock, stateStore)
        this.assigner = new Assigner({ ...options, registrations: this.registrations })
    }

    /** Restores the state of an earlier process. Pending registrations continue. */
    restore(snapshot: Snapshot): void {
        this.enrollments.restore(snapshot)
        this.registrations.restore(snapshot)
        for (const operation of this.operations.restore(snapshot)) this.schedule(operation)
    }

    get idScope(): string {
        return this.options.idScope
    }

    get throttle(): DpsThrottle {
        return this.options.throttle
    }

    get quirks(): Quirks {
        return this.options.quirks
    }

    /** Calls `reply` when all changes until now are stored. */
    whenDurable(reply: () => void): void {
        this.options.stateStore.whenDurable(reply)
    }

    /** Returns the number of calls for a registration ID. */
    counters(registrationId: string): DpsCounters {
        let counts = this.counts.get(registrationId)
        if (!counts) {
            counts = { registrations: 0, polls: 0, lookups: 0 }
            if (this.counts.size < COUNTED_MAX) this.counts.set(registrationId, counts)
        }
        return counts
    }

    /** Returns the registration record as the service API shows it. */
    registration(registrationId: string): RegistrationState | undefined {
        return this.registrations.get(registrationId)?.state
    }

    get registrationCount(): number {
        return this.registrations.size
    }

    /** Returns up to `count` registration records of an enrollment group in the order of their IDs, after `id`. */
    registrationsOf(enrollmentGroupId: string, id: string | undefined, count: number): RegistrationState[] {
        return this.registrations.ofGroup(enrollmentGroupId, id, count)
    }

    /** Deletes the registration record. The device identity on the hub stays. @returns whether the record existed */
    deleteRegistration(registrationId: string): boolean {
        return this.registrations.delete(registrationId)
    }

    /** Returns whether the caller's token is valid for an enrollment. The enrollment may be disabled. */
    isEnrolled(caller: Caller): boolean {
        return this.findEnrollment(caller) !== undefined
    }

    /** Starts a registration. The answer is always 202; polls return the outcome (protocol-facts.md, 1.6). */
    register(caller: Caller, body: string, fault?: InjectedFault): DpsResponse {
        const { registrationId } = caller
        this.counters(registrationId).registrations++
        const reply = this.recordedReply("register", caller)
        const enrollment =
            this.rejectEarly(fault, () => this.options.throttle.register()) ?? this.authenticate(caller)
        if (!("base" in enrollment)) return reply(enrollment)
        if (isDisabled(enrollment)) return reply(disabledResponse(registrationId))
        let payload: unknown
        try {
            payload = parseRegisterPayload(body, registrationId)
        } catch {
            return reply(
                this.errorResponse({ status: 400, code: 400004, message: "The register body is malformed." })
            )
        }
        const operation: RegistrationOperation = {
            operationId: newOperationId(this.options.random),
            registrationId,
            enrollmentGroupId: enrollment.enrollmentGroupId,
            beganAtMs: this.nowMs(),
            dueAtMs: this.nowMs() + this.options.assigningMs,
            payload,
        }
        this.operations.start(operation)
        this.schedule(operation)
        return reply(this.assigningResponse(operation.operationId))
    }

    /** Returns the status of an operation. The body of the request is ignored. */
    poll(caller: Caller, operationId: string, fault?: InjectedFault): DpsResponse {
        const { registrationId } = caller
        this.counters(registrationId).polls++
        const reply = this.recordedReply("poll", caller)
        const enrollment =
            this.rejectEarly(fault, () => this.options.throttle.poll(registrationId)) ??
            this.authenticate(caller)
        if (!("base" in enrollment)) return reply(enrollment)
        if (isDisabled(enrollment)) return reply(disabledResponse(registrationId))
        const operation = this.operations.get(operationId)
        if (!operation || operation.registrationId !== registrationId)
            return reply(this.errorResponse({ status: 404, code: 404204, message: "Operation not found." }))
        const { outcome } = operation
        if (!outcome) {
            const registrationState = { registrationId, status: "assigning" as const }
            return reply(this.assigningResponse(operationId, registrationState))
        }
        const body = { operationId, status: outcome.status, registrationState: outcome }
        return reply({ status: 200, body: JSON.stringify(body) }, outcome.assignedHub)
    }

    /** Returns the registration record of the caller (Device Registration Status Lookup; protocol-facts.md, 2). */
    lookup(caller: Caller, fault?: InjectedFault): DpsResponse {
        const { registrationId } = caller
        const { throttle, quirks } = this.options
        this.counters(registrationId).lookups++
        const reply = this.recordedReply("lookup", caller)
        const limit = () => (quirks.lookupQuota === "operations" ? throttle.operate() : throttle.register())
        const enrollment = this.rejectEarly(fault, limit) ?? this.authenticate(caller)
        if (!("base" in enrollment)) return reply(enrollment)
        const state = this.lookupState(registrationId, enrollment)
        if (!state && quirks.lookupUnknown === 404)
            return reply(
                this.errorResponse({ status: 404, code: 404201, message: "Registration not found." })
            )
        const body = JSON.stringify(state ?? null)
        return reply({ status: 200, body }, state?.assignedHub)
    }

    private lookupState(registrationId: string, enrollment: Enrollment): RegistrationState | undefined {
        if (isDisabled(enrollment)) return { registrationId, status: "disabled" }
        if (this.operations.isAssigning(registrationId)) return { registrationId, status: "assigning" }
        return this.registration(registrationId)
    }

    private nowMs(): number {
        return this.options.clock.nowMs()
    }

    /** Returns the answer of an injected fault or of a throttle, before the request is examined. */
    private rejectEarly(fault: InjectedFault | undefined, throttle: () => number): DpsResponse | undefined {
        if (fault?.status !== undefined)
            return this.errorResponse({
                status: fault.status,
                code: fault.status * 1000 + 1,
                message: "Injected fault.",
                retryAfterSec: fault.retryAfterSec,
            })
        const retryAfterSec = throttle()
        return retryAfterSec
            ? this.errorResponse({ status: 429, code: 429001, message: "Too many requests.", retryAfterSec })
            : undefined
    }

    /** Returns the enrollment for which the caller's token is valid. */
    private findEnrollment(caller: Caller): Enrollment | undefined {
        const resource = `${this.options.idScope}/registrations/${caller.registrationId}`
        const nowSec = this.nowMs() / 1000
        return this.enrollments
            .candidates(caller.registrationId)
            .find(candidate => verifySasToken(caller.token, { resource, keys: candidate.keys, nowSec }))
    }

    private authenticate(caller: Caller): Enrollment | DpsResponse {
        if (parseRegistrationId(caller.registrationId) === undefined)
            return this.errorResponse({ status: 400, code: 400004, message: "Registration ID is malformed." })
        return (
            this.findEnrollment(caller) ??
            this.errorResponse({ status: 401, code: 401000, message: "Unauthorized" })
        )
    }

    /** Decides the operation at its due time. */
    private schedule(operation: RegistrationOperation): void {
        const waitMs = operation.dueAtMs - this.nowMs()
        if (waitMs > 0) this.options.clock.after(waitMs, () => this.decide(operation))
        else this.decide(operation)
    }

    private decide(operation: RegistrationOperation): void {
        const { registrationId, enrollmentGroupId } = operation
        const enrollment = this.enrollments
            .candidates(registrationId)
            .find(candidate => candidate.enrollmentGroupId === enrollmentGroupId)
        const finish = (outcome: RegistrationState) => this.operations.finish(operation, outcome)
        if (!enrollment) {
            const errorMessage = "The enrollment was deleted during the registration."
            finish({ registrationId, status: "failed", errorCode: 404201, errorMessage })
        } else if (isDisabled(enrollment)) finish({ registrationId, status: "disabled" })
        else this.assigner.assign(operation, enrollment, finish)
    }

    private assigningResponse(operationId: string, registrationState?: RegistrationState): DpsResponse {
        const body = JSON.stringify({ operationId, status: "assigning", registrationState })
        return { status: 202, body, retryAfterSec: this.options.retryAfterSec }
    }

    private errorResponse(error: DpsError): DpsResponse {
        return errorResponse(error, this.options.random, this.nowMs())
    }

    /** Returns a function that records the answer to a call as an event and returns the answer. */
    private recordedReply(kind: "register" | "poll" | "lookup", caller: Caller) {
        return (response: DpsResponse, detail?: string): DpsResponse => {
            const { status, retryAfterSec } = response
            this.options.record({ kind, id: caller.registrationId, status, retryAfterSec, detail })
            return response
        }
    }
}

function isDisabled({ base }: Enrollment): boolean {
    return base.provisioningStatus === "disabled"
}

/** Returns the answer for a disabled enrollment. No operation starts, so its ID is empty (protocol-facts.md, 1.6). */
function disabledResponse(registrationId: string): DpsResponse {
    const registrationState = { registrationId, status: "disabled" }
    return { status: 200, body: JSON.stringify({ operationId: "", status: "disabled", registrationState }) }
}
