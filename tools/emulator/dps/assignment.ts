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

/** The operations of a linked hub that DPS uses. */
export interface LinkedHub {
    readonly hostName: string
    /** Creates the device identity with this twin, or replaces the keys of the existing identity. */
    putDevice(deviceId: string, keys: string[], twin?: InitialTwin | TwinState): void
    /** Returns the complete twin of a device, for the hub that the device moves to. */
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

/** A registration that DPS assigns. */
interface AssignmentRequest {
    registrationId: string
    /** The payload for a webhook. */
    payload?: unknown
    /** The time of the register request. */
    beganAtMs: number
}

/** A move of a device identity between hubs. */
interface Move {
    /** The present hub, or undefined if the device stays or is new. */
    from: string | undefined
    to: string
    /** Whether the twin moves with the device. */
    migratesTwin: boolean
    /** The twin from a webhook. */
    initialTwin: InitialTwin | undefined
}

/** The error codes of failed operations (protocol-facts.md, 1.6). NO_HUB is a code of this emulator only. */
const CUSTOM_ALLOCATION_FAILED = 400207
const NO_HUB = 400208

/** Selects the hub of a device and moves the device there. */
export class Assigner {
    constructor(private readonly options: AssignerOptions) {}

    /** Calls `done` with the outcome, immediately or after the answer of the webhook of `custom` allocation. */
    assign(
        device: AssignmentRequest,
        enrollment: Enrollment,
        done: (outcome: RegistrationState) => void
    ): void {
        const { registrationId, payload } = device
        const fail = (errorCode: number, errorMessage: string) =>
            done(this.recordFailure(device, enrollment, { errorCode, errorMessage }))
        const old = this.options.registrations.get(registrationId)
        const candidateHubs = this.findCandidateHubs(enrollment, old)
        const { allocationPolicy, customAllocationDefinition } = enrollment.base
        if (candidateHubs.length === 0) fail(NO_HUB, "No linked IoT hub to assign to.")
        else if (allocationPolicy === "custom") {
            const { callWebhook } = this.options
            const url = customAllocationDefinition?.webhookUrl
            if (!url || !callWebhook)
                return fail(CUSTOM_ALLOCATION_FAILED, "Custom allocation has no webhook.")
            const { assignedHub, deviceId } = old?.state ?? {}
            const current = assignedHub && deviceId ? { hub: assignedHub, deviceId } : undefined
            const linkedHubs = candidateHubs
            const request = { registrationId, enrollment, linkedHubs, current, payload }
            void callWebhook(url, formatAllocationRequest(request))
                .then(answer => parseAllocationResponse(answer, candidateHubs))
                .catch(() => "Custom allocation failed: the webhook did not answer.")
                .then(decision => {
                    if (typeof decision === "string") fail(CUSTOM_ALLOCATION_FAILED, decision)
                    else done(this.recordAssignment(device, enrollment, decision))
                })
        } else {
            const hub = allocate(allocationPolicy, {
                registrationId,
                hubs: candidateHubs,
                latencies: this.options.latencies,
            })
            done(this.recordAssignment(device, enrollment, { hub }))
        }
    }

    /** Returns the possible hubs. With the policy "never reprovision" this is the present hub only. */
    private findCandidateHubs({ base }: Enrollment, old: Registration | undefined): string[] {
        const linked = this.options.hubs.map(hub => hub.hostName)
        const policy = base.reprovisionPolicy ?? DEFAULT_REPROVISION
        const present = old?.state.assignedHub
        if (!policy.updateHubAssignment && present && linked.includes(present)) return [present]
        return (base.iotHubs ?? linked).map(name => name.toLowerCase()).filter(name => linked.includes(name))
    }

    /** Adds the common fields, in the order in which the service sends them. */
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

    /** Records a failure. A device that is already assigned keeps its record. */
    private recordFailure(
        request: AssignmentRequest,
        { enrollmentGroupId }: Enrollment,
        error: { errorCode: number; errorMessage: string }
    ): RegistrationState {
        const { registrations } = this.options
        const old = registrations.get(request.registrationId)
        const state = this.buildState(request, old, { status: "failed", ...error })
        if (!old?.state.assignedHub) registrations.put({ state, enrollmentGroupId, pastHubs: [] })
        return state
    }

    /** Moves the device to the hub and records the assignment. */
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
        this.moveDevice(enrollment, {
            ...{ from: moved ? present : undefined, to: hub },
            ...{ migratesTwin: migrateDeviceData, initialTwin },
        })
        const substatus = substatusOf(old, hub, migrateDeviceData)
        const decided = { assignedHub: hub, deviceId, status: "assigned" as const, substatus, payload }
        const state = this.buildState(request, old, decided)
        registrations.put({ state, enrollmentGroupId, pastHubs })
        return state
    }

    /** Creates the identity on the hub `to`. Its twin comes from the old hub, the webhook or the enrollment. */
    private moveDevice(
        { base, deviceId, keys }: Enrollment,
        { from, to, migratesTwin, initialTwin }: Move
    ): void {
        const hubNamed = (name: string) => this.options.hubs.find(hub => hub.hostName === name)
        const old = from === undefined ? undefined : hubNamed(from)
        const migrated = migratesTwin ? old?.twinOf(deviceId) : undefined
        old?.removeDevice(deviceId)
        hubNamed(to)?.putDevice(deviceId, keys, migrated ?? initialTwin ?? base.initialTwin)
    }
}

/** Returns the substatus of an assignment to `hub` after the registration `old`. */
function substatusOf(
    old: Registration | undefined,
    hub: string,
    migratesTwin: boolean
): RegistrationState["substatus"] {
    const present = old?.state.assignedHub
    if (!old || !present) return "initialAssignment"
    if (present === hub) return old.state.substatus ?? "initialAssignment"
    if (old.pastHubs.includes(hub)) return "reprovisionedToInitialAssignment"
    return migratesTwin ? "deviceDataMigrated" : "deviceDataReset"
}
