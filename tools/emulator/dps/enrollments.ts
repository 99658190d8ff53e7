import { deriveDeviceKey, isSymmetricKey } from "../auth/keys.js"
import type { InitialTwin } from "../hub/twin.js"
import { registrationIdOf } from "./registrationid.js"

export type AllocationPolicy = "hashed" | "static"

/** What individual enrollments and enrollment groups have in common (DPS service API, 2021-10-01). */
export interface EnrollmentBase {
    primaryKey: string
    secondaryKey?: string
    provisioningStatus?: "enabled" | "disabled"
    allocationPolicy?: AllocationPolicy
    /** Host names of the hubs to choose from; all linked hubs unless given. */
    iotHubs?: string[]
    reprovisionPolicy?: ReprovisionPolicy
    /** What a device that is new on its hub starts with. */
    initialTwin?: InitialTwin
    /** Kept and shown as it was given; nothing here looks at it. */
    capabilities?: unknown
    /** Given by the service at each write through its API. */
    written?: Written
}

/** What the service adds to what it was told. */
export interface Written {
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

function deviceKeys(base: EnrollmentBase): string[] {
    return base.secondaryKey ? [base.primaryKey, base.secondaryKey] : [base.primaryKey]
}

/** The enrollment list. An individual enrollment goes before any group. */
export class Enrollments {
    private readonly individuals = new Map<string, IndividualEnrollment>()
    private readonly groups = new Map<string, EnrollmentGroup>()

    /** Adds or replaces. @throws RangeError when the registration ID or a key is malformed */
    putIndividual(enrollment: IndividualEnrollment): void {
        if (registrationIdOf(enrollment.registrationId) === undefined)
            throw new RangeError(`enrollment ${enrollment.registrationId}: not a registration ID`)
        checkKeys(enrollment.registrationId, enrollment)
        this.individuals.set(enrollment.registrationId.toLowerCase(), { ...enrollment })
    }

    /** Adds or replaces. @throws RangeError when a key is malformed */
    putGroup(group: EnrollmentGroup): void {
        checkKeys(group.enrollmentGroupId, group)
        this.groups.set(group.enrollmentGroupId.toLowerCase(), { ...group })
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

    listGroups(): EnrollmentGroup[] {
        return [...this.groups.values()]
    }

    deleteIndividual(registrationId: string): boolean {
        return this.individuals.delete(registrationId.toLowerCase())
    }

    deleteGroup(enrollmentGroupId: string): boolean {
        return this.groups.delete(enrollmentGroupId.toLowerCase())
    }

    /** Every enrollment that `registrationId` may prove itself with; the first whose key fits is the one. */
    candidates(registrationId: string): Enrollment[] {
        const individual = this.individuals.get(registrationId)
        if (individual) {
            return [
                {
                    base: individual,
                    deviceId: individual.deviceId ?? registrationId,
                    keys: deviceKeys(individual),
                },
            ]
        }
        return [...this.groups.values()].map(group => ({
            base: group,
            deviceId: registrationId,
            enrollmentGroupId: group.enrollmentGroupId,
            keys: deviceKeys(group).map(key => deriveDeviceKey(key, registrationId)),
        }))
    }
}
