import type { Cloud } from "../../cloud.js"
import { newEtag, timestamp } from "../../dps/dps-bodies.js"
import { enrollmentDocument } from "../../dps/enrollment-document.js"
import type {
    EnrollmentBase,
    EnrollmentGroup,
    IndividualEnrollment,
    WriteInfo,
} from "../../dps/enrollments.js"
import { parseRegistrationId } from "@moorage/protocol"
import type { JsonObject } from "../../util/json-object.js"
import { readEnrollmentBase } from "./dps-read-enrollment.js"
import { ServiceError } from "./service-errors.js"

/** The differences between the APIs of individual enrollments and of enrollment groups. */
export interface EnrollmentKind<E extends EnrollmentBase = EnrollmentBase> {
    /** `x-ms-item-type`. */
    itemType: string
    /** The name in `SELECT * FROM`. */
    collection: string
    idField: "registrationId" | "enrollmentGroupId"
    idOf: (enrollment: E) => string
    /** Returns up to `count` enrollments in the order of their IDs, from the first after `id`. */
    after: (cloud: Cloud, id: string | undefined, count: number) => E[]
    find: (cloud: Cloud, id: string) => E | undefined
    /** @throws ServiceError 404 */
    getOrThrow: (cloud: Cloud, id: string) => E
    /** Reads an enrollment from the body of a request. @throws ServiceError 400 */
    read: (cloud: Cloud, id: string, body: JsonObject, old: E | undefined) => E
    put: (cloud: Cloud, enrollment: E) => void
    remove: (cloud: Cloud, id: string) => void
    /** Returns further fields of the JSON. The registration is present only if a single enrollment was requested. */
    extraFields: (cloud: Cloud, enrollment: E, isSingle: boolean) => JsonObject
}

function orNotFound<E>(enrollment: E | undefined, code: number, what: string): E {
    if (!enrollment) throw new ServiceError(404, code, `${what} not found.`)
    return enrollment
}

/** Checks that the path and the body have the same ID, and returns it in lower case. @throws ServiceError 400 */
function checkedId(id: string, inBody: unknown, field: string): string {
    const canonical = parseRegistrationId(id)
    if (canonical === undefined) throw new ServiceError(400, 400004, `${field} is malformed.`)
    if (inBody !== undefined && (typeof inBody !== "string" || inBody.toLowerCase() !== canonical))
        throw new ServiceError(400, 400004, `${field} differs between body and path.`)
    return canonical
}

function deviceIdOf(value: unknown): string | undefined {
    if (value === undefined || value === null || value === "") return undefined
    if (typeof value !== "string" || !/^[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}$/.test(value))
        throw new ServiceError(400, 400004, "deviceId is malformed.")
    return value
}

export const INDIVIDUALS: EnrollmentKind<IndividualEnrollment> = {
    itemType: "Enrollment",
    collection: "enrollments",
    idField: "registrationId",
    idOf: enrollment => enrollment.registrationId.toLowerCase(),
    after: (cloud, id, count) => cloud.dps.enrollments.individualsAfter(id, count),
    find: (cloud, id) => cloud.dps.enrollments.individual(id),
    getOrThrow: (cloud, id) => orNotFound(cloud.dps.enrollments.individual(id), 404201, "Enrollment"),
    read: (cloud, id, body, old) => ({
        ...readEnrollmentBase(cloud, body, old),
        registrationId: checkedId(id, body.registrationId, "registrationId"),
        deviceId: deviceIdOf(body.deviceId),
    }),
    put: (cloud, enrollment) => cloud.dps.enrollments.putIndividual(enrollment),
    remove: (cloud, id) => cloud.dps.enrollments.deleteIndividual(id),
    extraFields: (cloud, { registrationId }, isSingle) => ({
        registrationState: isSingle ? cloud.dps.registration(registrationId) : undefined,
    }),
}

export const GROUPS: EnrollmentKind<EnrollmentGroup> = {
    itemType: "EnrollmentGroup",
    collection: "enrollmentGroups",
    idField: "enrollmentGroupId",
    idOf: group => group.enrollmentGroupId.toLowerCase(),
    after: (cloud, id, count) => cloud.dps.enrollments.groupsAfter(id, count),
    find: (cloud, id) => cloud.dps.enrollments.group(id),
    getOrThrow: (cloud, id) => orNotFound(cloud.dps.enrollments.group(id), 404202, "Enrollment group"),
    read: (cloud, id, body, old) => {
        checkedId(id, body.enrollmentGroupId, "enrollmentGroupId")
        return { ...readEnrollmentBase(cloud, body, old), enrollmentGroupId: old?.enrollmentGroupId ?? id }
    },
    put: (cloud, group) => cloud.dps.enrollments.putGroup(group),
    remove: (cloud, id) => cloud.dps.enrollments.deleteGroup(id),
    extraFields: () => ({}),
}

/** Returns the ETag and the times. An enrollment from a configuration file gets them at the first call. */
export function ensureWriteInfo(cloud: Cloud, enrollment: EnrollmentBase): WriteInfo {
    enrollment.written ??= newWriteInfo(cloud, undefined)
    return enrollment.written
}

/** Returns a new ETag and the times of a write over `old`. */
export function newWriteInfo(cloud: Cloud, old: EnrollmentBase | undefined): WriteInfo {
    const now = timestamp(cloud.clock.nowMs())
    const createdDateTimeUtc = old ? ensureWriteInfo(cloud, old).createdDateTimeUtc : now
    return { etag: newEtag(cloud.random), createdDateTimeUtc, lastUpdatedDateTimeUtc: now }
}

/** Returns the JSON of an enrollment, without its keys. Only `attestationmechanism` returns the keys. */
export function enrollmentJson<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    cloud: Cloud,
    enrollment: E,
    isSingle: boolean
): JsonObject {
    ensureWriteInfo(cloud, enrollment)
    return { ...enrollmentDocument(enrollment), ...kind.extraFields(cloud, enrollment, isSingle) }
}
