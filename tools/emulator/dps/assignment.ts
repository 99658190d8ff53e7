import type { Clock, Random } from "@moorage/runtime"
import type { InitialTwin, TwinState } from "../hub/twin.js"
import { allocate, type LatencyRow } from "./allocation.js"
import { newEtag, type RegistrationState, timestamp } from "./dps-bodies.js"
import { DEFAULT_REPROVISION, type Enrollment } from "./enrollments.js"
import type { Registration, Registrations } from "./registrations.js"
import {
    formatAllocationRequest,
    parseAllocationResponse,
    type CallWebhook,
    type CustomAllocation,
} from "./allocation-webhook.js"

/** What DPS asks of a linked hub. */
export interface LinkedHub {
    readonly hostName: string
    /** Creates the device identity with this twin, or gives the existing one these keys. */
    putDevice(deviceId: string, keys: string[], twin?: InitialTwin | TwinState): void
    /** All of a device's twin, for the hub that it moves to. */
    twinOf(deviceId: string): TwinState | undefined
    removeDevice(deviceId: string): void
}

export interface AssignerOptions {
    clock: Clock
    random: Random
    hubs: LinkedHub[]
    latencies: LatencyRow[]
    callWebhook: CallWebhook | undefined
    registrations: Registrations
}

/** A device that is to be assigned. */
interface AssignmentRequest {
    registrationId: string
    /** What it sent along for a webhook. */
    payload?: unknown
    /** When it asked. */
    beganAtMs: number
}

/** Codes of operations that fail (facts 1.6; the second is ours). */
const CUSTOM_ALLOCATION_FAILED = 400207
const NO_HUB = 400208

/** Decides which hub a device belongs to, and moves it there. */
export class Assigner {
    constructor(private readonly options: AssignerOptions) {}

    /** Calls `done` with the outcome: at once, or when the webhook of `custom` allocation has answered. */
    assign(
        request: AssignmentRequest,
        enrollment: Enrollment,
        done: (outcome: RegistrationState) => void
    ): void {
        const { registrationId, payload } = request
        const fail = (code: number, message: string) =>
            done(this.recordFailure(request, enrollment, code, message))
        const old = this.options.registrations.get(registrationId)
        const candidateHubs = this.choices(enrollment, old)
        const { allocationPolicy, customAllocationDefinition } = enrollment.base
        if (candidateHubs.length === 0) fail(NO_HUB, "No linked IoT hub to assign to.")
        else if (allocationPolicy === "custom") {
            const { callWebhook } = this.options
            const url = customAllocationDefinition?.webhookUrl
            if (!url || !callWebhook)
                return fail(CUSTOM_ALLOCATION_FAILED, "Custom allocation has no webhook.")
            const { assignedHub, deviceId } = old?.state ?? {}
            const current = assignedHub && deviceId ? { hub: assignedHub, deviceId } : undefined
            const body = formatAllocationRequest(registrationId, enrollment, candidateHubs, current, payload)
            void callWebhook(url, body)
                .then(answer => parseAllocationResponse(answer, candidateHubs))
                .catch(() => "Custom allocation failed: the webhook did not answer.")
                .then(decision => {
                    if (typeof decision === "string") fail(CUSTOM_ALLOCATION_FAILED, decision)
                    else done(this.recordAssignment(request, enrollment, decision))
                })
        } else {
            const hub = allocate(allocationPolicy, registrationId, candidateHubs, this.options.latencies)
            done(this.recordAssignment(request, enrollment, { hub }))
        }
    }

    /** The hubs to choose from; with "never reprovision" the present one alone. */
    private choices({ base }: Enrollment, old: Registration | undefined): string[] {
        const linked = this.options.hubs.map(hub => hub.hostName)
        const policy = base.reprovisionPolicy ?? DEFAULT_REPROVISION
        const present = old?.state.assignedHub
        if (!policy.updateHubAssignment && present && linked.includes(present)) return [present]
        return (base.iotHubs ?? linked).map(name => name.toLowerCase()).filter(name => linked.includes(name))
    }

    /** Around what was decided, in the service's order. */
    private buildState(
        { registrationId, beganAtMs }: AssignmentRequest,
        old: Registration | undefined,
        decided: Omit<RegistrationState, "registrationId">
    ): RegistrationState {
        return {
            registrationId,
            createdDateTimeUtc: old?.state.createdDateTimeUtc ?? timestamp(beganAtMs),
            ...decided,
            lastUpdatedDateTimeUtc: timestamp(this.options.clock.nowMs()),
            etag: newEtag(this.options.random),
        }
    }

    /** A failure takes nothing from a device that is assigned already. */
    private recordFailure(
        request: AssignmentRequest,
        { enrollmentGroupId }: Enrollment,
        errorCode: number,
        errorMessage: string
    ): RegistrationState {
        const { registrations } = this.options
        const old = registrations.get(request.registrationId)
        const state = this.buildState(request, old, { status: "failed", errorCode, errorMessage })
        if (!old?.state.assignedHub) registrations.put({ state, enrollmentGroupId, pastHubs: [] })
        return state
    }

    private recordAssignment(
        request: AssignmentRequest,
        enrollment: Enrollment,
        { hub, initialTwin, payload }: CustomAllocation
    ): RegistrationState {
        const { registrations } = this.options
        const old = registrations.get(request.registrationId)
        const present = old?.state.assignedHub
        const moved = present !== undefined && present !== hub
        const past = old?.pastHubs ?? []
        const pastHubs = moved ? [...new Set([...past, present])].filter(name => name !== hub) : past
        const { base, deviceId, enrollmentGroupId } = enrollment
        const { migrateDeviceData } = base.reprovisionPolicy ?? DEFAULT_REPROVISION
        this.moveDevice(enrollment, moved ? present : undefined, hub, migrateDeviceData, initialTwin)
        const substatus = substatusOf(old, hub, migrateDeviceData)
        const decided = { assignedHub: hub, deviceId, status: "assigned" as const, substatus, payload }
        const state = this.buildState(request, old, decided)
        registrations.put({ state, enrollmentGroupId, pastHubs })
        return state
    }

    /** Makes the identity on `to`; its twin comes from the old hub, the webhook or the enrollment. */
    private moveDevice(
        { base, deviceId, keys }: Enrollment,
        from: string | undefined,
        to: string,
        migrate: boolean,
        initialTwin: InitialTwin | undefined
    ): void {
        const hubNamed = (name: string) => this.options.hubs.find(hub => hub.hostName === name)
        const old = from === undefined ? undefined : hubNamed(from)
        const migrated = migrate ? old?.twinOf(deviceId) : undefined
        old?.removeDevice(deviceId)
        hubNamed(to)?.putDevice(deviceId, keys, migrated ?? initialTwin ?? base.initialTwin)
    }
}

/** What being assigned to `hub` is, after the registration `old`. */
function substatusOf(
    old: Registration | undefined,
    hub: string,
    migrate: boolean
): RegistrationState["substatus"] {
    const present = old?.state.assignedHub
    if (!old || !present) return "initialAssignment"
    if (present === hub) return old.state.substatus ?? "initialAssignment"
    if (old.pastHubs.includes(hub)) return "reprovisionedToInitialAssignment"
    return migrate ? "deviceDataMigrated" : "deviceDataReset"
}
