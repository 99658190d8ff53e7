import { deriveDeviceKey, isSymmetricKey } from "@moorage/protocol"
import type { InitialTwin } from "../hub/twin.js"
import { OrderedMap } from "../util/ordered-map.js"
import { memoryStore, type StateStore, type Snapshot, splitKey } from "../state/state-store.js"
import { parseRegistrationId } from "@moorage/protocol"

export const ALLOCATION_POLICIES = ["hashed", "geoLatency", "static", "custom"] as const
export type AllocationPolicy = (typeof ALLOCATION_POLICIES)[number]

/** The webhook of `custom` allocation. */
export interface CustomAllocationDefinition {
    webhookUrl: string
    /** Of the documents in the request. */
    apiVersion: string
}

/** What individual enrollments and enrollment groups have in common (DPS service API, 2021-10-01). */
export interface EnrollmentBase {
    primaryKey: string
    secondaryKey?: string
    provisioningStatus?: "enabled" | "disabled"
    allocationPolicy?: AllocationPolicy
    /** Needed by `custom`. */
    customAllocationDefinition?: CustomAllocationDefinition
    /** Host names of the hubs to choose from; all linked hubs unless given. */
    iotHubs?: string[]
    reprovisionPolicy?: ReprovisionPolicy
    /** What a device that is new on its hub starts with. */
    initialTwin?: InitialTwin
    /** Kept and shown as it was given; nothing here looks at it. */
    capabilities?: unknown
    /** Given by the service at each write through its API. */
    written?: WriteInfo
}

/** What the service adds to what it was told. */
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
    /** The registration ID unless given. */
    deviceId?: string
}

export interface EnrollmentGroup extends EnrollmentBase {
    enrollmentGroupId: string
}

/** Migrate: what a new enrollment has. */
export const DEFAULT_REPROVISION: ReprovisionPolicy = { updateHubAssignment: true, migrateDeviceData: true }

/** What applies to one registration ID. */
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
            throw new RangeError(`enrollment ${name}: a key is Base64 of 16 to 64 bytes`)
}

function keysOf(base: EnrollmentBase): string[] {
    return base.secondaryKey ? [base.primaryKey, base.secondaryKey] : [base.primaryKey]
}

/** The enrollment list. An individual enrollment goes before any group. */
export class Enrollments {
    private readonly individuals = new OrderedMap<IndividualEnrollment>()
    private readonly groups = new OrderedMap<EnrollmentGroup>()

    constructor(private readonly keeper: StateStore = memoryStore) {}

    /** Takes up what an earlier process kept. */
    restore(kept: Snapshot): void {
        for (const [key, value] of kept) {
            const [kind, id] = splitKey(key)
            if (kind === "enrollment") this.individuals.set(id, value as IndividualEnrollment)
            else if (kind === "group") this.groups.set(id, value as EnrollmentGroup)
        }
    }

    /** Adds or replaces. @throws RangeError when the registration ID or a key is malformed */
    putIndividual(enrollment: IndividualEnrollment): void {
        if (parseRegistrationId(enrollment.registrationId) === undefined)
            throw new RangeError(`enrollment ${enrollment.registrationId}: not a registration ID`)
        checkKeys(enrollment.registrationId, enrollment)
        const id = enrollment.registrationId.toLowerCase()
        this.individuals.set(id, { ...enrollment })
        this.keeper.markChanged(`enrollment/${id}`, () => this.individuals.get(id))
    }

    /** Adds or replaces. @throws RangeError when a key is malformed */
    putGroup(group: EnrollmentGroup): void {
        checkKeys(group.enrollmentGroupId, group)
        const id = group.enrollmentGroupId.toLowerCase()
        this.groups.set(id, { ...group })
        this.keeper.markChanged(`group/${id}`, () => this.groups.get(id))
    }

    individual(registrationId: string): IndividualEnrollment | undefined {
        return this.individuals.get(registrationId.toLowerCase())
    }

    group(enrollmentGroupId: string): EnrollmentGroup | undefined {
        return this.groups.get(enrollmentGroupId.toLowerCase())
    }

    listIndividuals(): IndividualEnrollment[] {
        return [...this.individuals.values()]
    }

    /** Up to `count` of them, by ID, from the first after `id`. */
    individualsAfter(id: string | undefined, count: number): IndividualEnrollment[] {
        return this.individuals.after(id, count)
    }

    /** Up to `count` of them, by ID, from the first after `id`. */
    groupsAfter(id: string | undefined, count: number): EnrollmentGroup[] {
        return this.groups.after(id, count)
    }

    listGroups(): EnrollmentGroup[] {
        return [...this.groups.values()]
    }

    deleteIndividual(registrationId: string): boolean {
        const id = registrationId.toLowerCase()
        this.keeper.markChanged(`enrollment/${id}`, () => this.individuals.get(id))
        return this.individuals.delete(id)
    }

    deleteGroup(enrollmentGroupId: string): boolean {
        const id = enrollmentGroupId.toLowerCase()
        this.keeper.markChanged(`group/${id}`, () => this.groups.get(id))
        return this.groups.delete(id)
    }

    /** Every enrollment that `registrationId` may prove itself with; the first whose key fits is the one. */
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
