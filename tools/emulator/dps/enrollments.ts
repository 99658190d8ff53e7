import { deriveDeviceKey, isSymmetricKey, parseRegistrationId } from "@moorage/protocol"
import type { InitialTwin } from "../hub/twin.js"
import { OrderedMap } from "../util/ordered-map.js"
import { memoryStore, type StateStore, type Snapshot, splitKey } from "../state/state-store.js"

export const ALLOCATION_POLICIES = ["hashed", "geoLatency", "static", "custom"] as const
export type AllocationPolicy = (typeof ALLOCATION_POLICIES)[number]

/** The webhook of `custom` allocation. */
export interface CustomAllocationDefinition {
    webhookUrl: string
    /** The API version of the enrollment in the request. */
    apiVersion: string
}

/** The common fields of individual enrollments and enrollment groups (DPS service API, 2021-10-01). */
export interface EnrollmentBase {
    primaryKey: string
    secondaryKey?: string
    provisioningStatus?: "enabled" | "disabled"
    allocationPolicy?: AllocationPolicy
    /** Required by `custom`. */
    customAllocationDefinition?: CustomAllocationDefinition
    /** Host names of the possible hubs (default: all linked hubs). */
    iotHubs?: string[]
    reprovisionPolicy?: ReprovisionPolicy
    /** The twin of a new device identity. */
    initialTwin?: InitialTwin
    /** Stored and returned unchanged. The emulator does not use it. */
    capabilities?: unknown
    /** Set by the service at each write through its API. */
    written?: WriteInfo
}

/** The fields that the service adds to an enrollment. */
export interface WriteInfo {
    etag: string
    createdDateTimeUtc: string
    lastUpdatedDateTimeUtc: string
}

export interface ReprovisionPolicy {
    updateHubAssignment: boolean
    migrateDeviceData: boolean
}

export interface IndividualEnrollment extends EnrollmentBase {
    registrationId: string
    /** The device ID on the hub (default: the registration ID). */
    deviceId?: string
}

export interface EnrollmentGroup extends EnrollmentBase {
    enrollmentGroupId: string
}

/** The policy of a new enrollment: reprovision and migrate data. */
export const DEFAULT_REPROVISION: ReprovisionPolicy = { updateHubAssignment: true, migrateDeviceData: true }

/** The enrollment of one registration ID. */
export interface Enrollment {
    base: EnrollmentBase
    deviceId: string
    enrollmentGroupId?: string
    /** The device's own keys, primary first. */
    keys: string[]
}

function checkKeys(name: string, base: EnrollmentBase): void {
    for (const key of [base.primaryKey, base.secondaryKey])
        if (key !== undefined && !isSymmetricKey(key))
            throw new RangeError(`enrollment ${name}: a key must be Base64 of 16 to 64 bytes`)
}

function keysOf(base: EnrollmentBase): string[] {
    return base.secondaryKey ? [base.primaryKey, base.secondaryKey] : [base.primaryKey]
}

/** The enrollment list. An individual enrollment takes precedence over the groups. */
export class Enrollments {
    private readonly individuals = new OrderedMap<IndividualEnrollment>()
    private readonly groups = new OrderedMap<EnrollmentGroup>()

    constructor(private readonly stateStore: StateStore = memoryStore) {}

    /** Restores the state of an earlier process. */
    restore(snapshot: Snapshot): void {
        for (const [key, value] of snapshot) {
            const [kind, id] = splitKey(key)
            if (kind === "enrollment") this.individuals.set(id, value as IndividualEnrollment)
            else if (kind === "group") this.groups.set(id, value as EnrollmentGroup)
        }
    }

    /** Adds or replaces an individual enrollment. @throws RangeError if the registration ID or a key is malformed */
    putIndividual(enrollment: IndividualEnrollment): void {
        if (parseRegistrationId(enrollment.registrationId) === undefined)
            throw new RangeError(`enrollment ${enrollment.registrationId}: malformed registration ID`)
        checkKeys(enrollment.registrationId, enrollment)
        const id = enrollment.registrationId.toLowerCase()
        this.individuals.set(id, { ...enrollment })
        this.stateStore.markChanged(`enrollment/${id}`, () => this.individuals.get(id))
    }

    /** Adds or replaces an enrollment group. @throws RangeError if a key is malformed */
    putGroup(group: EnrollmentGroup): void {
        checkKeys(group.enrollmentGroupId, group)
        const id = group.enrollmentGroupId.toLowerCase()
        this.groups.set(id, { ...group })
        this.stateStore.markChanged(`group/${id}`, () => this.groups.get(id))
    }

    /** Returns the individual enrollment of a registration ID in any case, or undefined. */
    individual(registrationId: string): IndividualEnrollment | undefined {
        return this.individuals.get(registrationId.toLowerCase())
    }

    /** Returns the enrollment group with this ID in any case, or undefined. */
    group(enrollmentGroupId: string): EnrollmentGroup | undefined {
        return this.groups.get(enrollmentGroupId.toLowerCase())
    }

    /** Returns all individual enrollments. */
    listIndividuals(): IndividualEnrollment[] {
        return [...this.individuals.values()]
    }

    /** Returns up to `count` individual enrollments in the order of their IDs, from the first after `id`. */
    individualsAfter(id: string | undefined, count: number): IndividualEnrollment[] {
        return this.individuals.after(id, count)
    }

    /** Returns up to `count` enrollment groups in the order of their IDs, from the first after `id`. */
    groupsAfter(id: string | undefined, count: number): EnrollmentGroup[] {
        return this.groups.after(id, count)
    }

    /** Returns all enrollment groups. */
    listGroups(): EnrollmentGroup[] {
        return [...this.groups.values()]
    }

    /** Deletes an individual enrollment. @returns whether it existed */
    deleteIndividual(registrationId: string): boolean {
        const id = registrationId.toLowerCase()
        this.stateStore.markChanged(`enrollment/${id}`, () => this.individuals.get(id))
        return this.individuals.delete(id)
    }

    /** Deletes an enrollment group. @returns whether it existed */
    deleteGroup(enrollmentGroupId: string): boolean {
        const id = enrollmentGroupId.toLowerCase()
        this.stateStore.markChanged(`group/${id}`, () => this.groups.get(id))
        return this.groups.delete(id)
    }

    /** Returns the enrollments that can apply to `registrationId`. The first one with a matching key applies. */
    candidates(registrationId: string): Enrollment[] {
        const individual = this.individuals.get(registrationId)
        if (individual) {
            return [
                {
                    base: individual,
                    deviceId: individual.deviceId ?? registrationId,
                    keys: keysOf(individual),
                },
            ]
        }
        return [...this.groups.values()].map(group => ({
            base: group,
            deviceId: registrationId,
            enrollmentGroupId: group.enrollmentGroupId,
            keys: keysOf(group).map(key => deriveDeviceKey(key, registrationId)),
        }))
    }
}
