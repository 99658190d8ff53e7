import type { Clock, Random } from "@moorage/runtime"
import { type SasToken, verifySas } from "@moorage/protocol"
import type { CloudEvent } from "../cloud-events.js"
import type { InjectedFault } from "../faults/injected-fault.js"
import type { Quirks } from "../quirks.js"
import type { DpsThrottle } from "../quota/throttles.js"
import type { Snapshot, StateStore } from "../state/state-store.js"
import type { LatencyRow } from "./allocation.js"
import { Assigner, type LinkedHub } from "./assignment.js"
import {
    type DpsResponse,
    errorResponse,
    newOperationId,
    registerPayload,
    type RegistrationState,
} from "./dps-bodies.js"
import { type Enrollment, Enrollments } from "./enrollments.js"
import { type RegistrationOperation, RegistrationOperations } from "./registration-operations.js"
import { parseRegistrationId } from "@moorage/protocol"
import { Registrations } from "./registrations.js"
import type { CallWebhook } from "./allocation-webhook.js"

export interface DpsOptions {
    clock: Clock
    random: Random
    idScope: string
    hubs: LinkedHub[]
    /** How long an operation stays `assigning`. */
    assigningMs: number
    /** What a 202 says. */
    retryAfterSec: number
    /** What `geoLatency` goes by. */
    latencies: LatencyRow[]
    /** How `custom` allocation is asked. */
    callWebhook: CallWebhook | undefined
    quirks: Quirks
    throttle: DpsThrottle
    stateStore: StateStore
    record: (event: Omit<CloudEvent, "atMs" | "service">) => void
}

/** Calls counted for one registration ID. */
export interface DpsCounters {
    registrations: number
    polls: number
    lookups: number
}

/** A device that asks: who it says it is, and its token. */
export interface Caller {
    registrationId: string
    token: SasToken | undefined
}

/** Registration IDs whose calls are counted; those of one who tries out IDs are not, beyond this. */
const COUNTED_MAX = 1_000_000

/** DPS, without any transport: registrations, operations, the status lookup. */
export class DpsService {
    readonly enrollments: Enrollments
    private readonly registrations: Registrations
    private readonly operations: RegistrationOperations
    private readonly assigner: Assigner
    private readonly counts = new Map<string, DpsCounters>()

    constructor(private readonly options: DpsOptions) {
        const { clock, stateStore: keeper } = options
        this.enrollments = new Enrollments(keeper)
        this.registrations = new Registrations(keeper)
        this.operations = new RegistrationOperations(clock, keeper)
        this.assigner = new Assigner({ ...options, registrations: this.registrations })
    }

    /** Takes up what an earlier process kept; what it had not decided is decided now. */
    restore(whenDurable: Snapshot): void {
        this.enrollments.restore(whenDurable)
        this.registrations.restore(whenDurable)
        for (const operation of this.operations.restore(whenDurable)) this.schedule(operation)
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

    /** Runs `answer` when all that has changed until now is kept. */
    whenDurable(recordCall: () => void): void {
        this.options.stateStore.whenDurable(recordCall)
    }

    counters(registrationId: string): DpsCounters {
        let counts = this.counts.get(registrationId)
        if (!counts) {
            counts = { registrations: 0, polls: 0, lookups: 0 }
            if (this.counts.size < COUNTED_MAX) this.counts.set(registrationId, counts)
        }
        return counts
    }

    /** The registration record, as the service API shows it. */
    registration(registrationId: string): RegistrationState | undefined {
        return this.registrations.get(registrationId)?.state
    }

    get registrationCount(): number {
        return this.registrations.size
    }

    /** Up to `count` registration records of an enrollment group, by ID, from the first after `id`. */
    registrationsOf(enrollmentGroupId: string, id: string | undefined, count: number): RegistrationState[] {
        return this.registrations.ofGroup(enrollmentGroupId, id, count)
    }

    /** Forgets the registration record; the device identity on its hub stays. */
    deleteRegistration(registrationId: string): boolean {
        return this.registrations.delete(registrationId)
    }

    /** Whether the caller's token opens any enrollment, a disabled one too. */
    isEnrolled(caller: Caller): boolean {
        return this.findEnrollment(caller) !== undefined
    }

    /** Register: always 202 first; the outcome comes by polling (facts 1.6). */
    register(caller: Caller, body: string, fault?: InjectedFault): DpsResponse {
        const { registrationId } = caller
        this.counters(registrationId).registrations++
        const enrollment =
            this.rejectEarly(fault, () => this.options.throttle.register()) ?? this.authenticate(caller)
        if (!("base" in enrollment)) return this.answer("register", caller, enrollment)
        if (isDisabled(enrollment)) return this.answer("register", caller, disabledOperation(registrationId))
        let payload: unknown
        try {
            payload = registerPayload(body, registrationId)
        } catch {
            return this.answer(
                "register",
                caller,
                this.errorResponse(400, 400004, "The register body is malformed.")
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
        return this.answer("register", caller, this.assigningResponse(operation.operationId))
    }

    /** Operation status; whatever body came with the request is not looked at. */
    poll(caller: Caller, operationId: string, fault?: InjectedFault): DpsResponse {
        const { registrationId } = caller
        this.counters(registrationId).polls++
        const enrollment =
            this.rejectEarly(fault, () => this.options.throttle.poll(registrationId)) ??
            this.authenticate(caller)
        if (!("base" in enrollment)) return this.answer("poll", caller, enrollment)
        if (isDisabled(enrollment)) return this.answer("poll", caller, disabledOperation(registrationId))
        const operation = this.operations.get(operationId)
        if (!operation || operation.registrationId !== registrationId)
            return this.answer("poll", caller, this.errorResponse(404, 404204, "Operation not found."))
        const { outcome } = operation
        if (!outcome) {
            const registrationState = { registrationId, status: "assigning" as const }
            return this.answer("poll", caller, this.assigningResponse(operationId, registrationState))
        }
        const body = { operationId, status: outcome.status, registrationState: outcome }
        return this.answer("poll", caller, { status: 200, body: JSON.stringify(body) }, outcome.assignedHub)
    }

    /** Device Registration Status Lookup: the flat record. */
    lookup(caller: Caller, fault?: InjectedFault): DpsResponse {
        const { registrationId } = caller
        const { throttle, quirks } = this.options
        this.counters(registrationId).lookups++
        const limit = () => (quirks.lookupQuota === "operations" ? throttle.operate() : throttle.register())
        const enrollment = this.rejectEarly(fault, limit) ?? this.authenticate(caller)
        if (!("base" in enrollment)) return this.answer("lookup", caller, enrollment)
        const state = this.lookupState(registrationId, enrollment)
        if (!state && quirks.lookupUnknown === 404)
            return this.answer("lookup", caller, this.errorResponse(404, 404201, "Registration not found."))
        const body = JSON.stringify(state ?? null)
        return this.answer("lookup", caller, { status: 200, body }, state?.assignedHub)
    }

    private lookupState(registrationId: string, enrollment: Enrollment): RegistrationState | undefined {
        if (isDisabled(enrollment)) return { registrationId, status: "disabled" }
        if (this.operations.isAssigning(registrationId)) return { registrationId, status: "assigning" }
        return this.registration(registrationId)
    }

    private nowMs(): number {
        return this.options.clock.nowMs()
    }

    /** An answer before anything is looked at: an injected fault's, or 429. */
    private rejectEarly(fault: InjectedFault | undefined, throttle: () => number): DpsResponse | undefined {
        if (fault?.status !== undefined)
            return this.errorResponse(
                fault.status,
                fault.status * 1000 + 1,
                "Injected fault.",
                fault.retryAfterSec
            )
        const retryAfterSec = throttle()
        return retryAfterSec
            ? this.errorResponse(429, 429001, "Too many requests.", retryAfterSec)
            : undefined
    }

    /** The enrollment that the caller proves to be of. */
    private findEnrollment(caller: Caller): Enrollment | undefined {
        const resource = `${this.options.idScope}/registrations/${caller.registrationId}`
        const nowSec = this.nowMs() / 1000
        return this.enrollments
            .candidates(caller.registrationId)
            .find(candidate => verifySas(caller.token, resource, candidate.keys, nowSec))
    }

    private authenticate(caller: Caller): Enrollment | DpsResponse {
        if (parseRegistrationId(caller.registrationId) === undefined)
            return this.errorResponse(400, 400004, "Registration ID is malformed.")
        return this.findEnrollment(caller) ?? this.errorResponse(401, 401000, "Unauthorized")
    }

    /** Decides the operation when its time has come. */
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
            const errorMessage = "The enrollment was deleted meanwhile."
            finish({ registrationId, status: "failed", errorCode: 404201, errorMessage })
        } else if (isDisabled(enrollment)) finish({ registrationId, status: "disabled" })
        else this.assigner.assign(operation, enrollment, finish)
    }

    private assigningResponse(operationId: string, registrationState?: RegistrationState): DpsResponse {
        const body = JSON.stringify({ operationId, status: "assigning", registrationState })
        return { status: 202, body, retryAfterSec: this.options.retryAfterSec }
    }

    private errorResponse(
        status: number,
        code: number,
        message: string,
        retryAfterSec?: number
    ): DpsResponse {
        return errorResponse(status, code, message, this.options.random, this.nowMs(), retryAfterSec)
    }

    private answer(
        kind: "register" | "poll" | "lookup",
        caller: Caller,
        response: DpsResponse,
        detail?: string
    ): DpsResponse {
        const { status, retryAfterSec } = response
        this.options.record({ kind, id: caller.registrationId, status, retryAfterSec, detail })
        return response
    }
}

function isDisabled({ base }: Enrollment): boolean {
    return base.provisioningStatus === "disabled"
}

/** A disabled enrollment: no operation is begun, so its ID is empty (facts 1.6). */
function disabledOperation(registrationId: string): DpsResponse {
    const registrationState = { registrationId, status: "disabled" }
    return { status: 200, body: JSON.stringify({ operationId: "", status: "disabled", registrationState }) }
}
