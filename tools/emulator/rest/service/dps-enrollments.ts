import type { Cloud } from "../../cloud.js"
import type { EnrollmentBase } from "../../dps/enrollments.js"
import type { JsonObject } from "../../util/json-object.js"
import {
    type ServiceAnswer,
    type ServiceCall,
    noContentAnswer,
    objectBody,
    etagHeader,
    requireMatch,
} from "./service-call.js"
import { enrollmentJson, type EnrollmentKind, newWriteInfo, ensureWriteInfo } from "./dps-documents.js"
import { ServiceError } from "./service-errors.js"
import { page, requireEverything } from "./paged-query.js"

function attestationOf({ primaryKey, secondaryKey }: EnrollmentBase): JsonObject {
    return { type: "symmetricKey", symmetricKey: { primaryKey, secondaryKey } }
}

export function getEnrollment<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    call: ServiceCall
): ServiceAnswer {
    const enrollment = kind.getOrThrow(call.cloud, call.params[0])
    const json = enrollmentJson(kind, call.cloud, enrollment, true)
    return { status: 200, json, headers: etagHeader(ensureWriteInfo(call.cloud, enrollment).etag) }
}

/** Writes what `body` says over `old`, or makes it new. @throws ServiceError 400 */
export function writeEnrollment<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    cloud: Cloud,
    id: string,
    body: JsonObject,
    old: E | undefined
): E {
    const enrollment = { ...kind.read(cloud, id, body, old), written: newWriteInfo(cloud, old) }
    kind.put(cloud, enrollment)
    return enrollment
}

/** Without If-Match only a new one is written; an old one is a conflict (azure-iot-sdk-csharp#3076). */
export function putEnrollment<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    call: ServiceCall
): ServiceAnswer {
    const { cloud, headers } = call
    const id = call.params[0]
    const body = objectBody(call)
    const ifMatch = headers["if-match"]
    const old = ifMatch === undefined ? kind.find(cloud, id) : kind.getOrThrow(cloud, id)
    if (old && ifMatch === undefined)
        throw new ServiceError(409, 409000, `${id} exists already; send If-Match to change it.`)
    if (old) requireMatch(headers, ensureWriteInfo(cloud, old).etag)
    const enrollment = writeEnrollment(kind, cloud, id, body, old)
    const json = { ...enrollmentJson(kind, cloud, enrollment, true), attestation: attestationOf(enrollment) }
    return { status: 200, json, headers: etagHeader(enrollment.written?.etag ?? "") }
}

export function deleteEnrollment<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    call: ServiceCall
): ServiceAnswer {
    const enrollment = kind.getOrThrow(call.cloud, call.params[0])
    requireMatch(call.headers, ensureWriteInfo(call.cloud, enrollment).etag)
    kind.remove(call.cloud, call.params[0])
    return noContentAnswer()
}

/** The one place that tells the keys. */
export function getAttestation<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    call: ServiceCall
): ServiceAnswer {
    return { status: 200, json: attestationOf(kind.getOrThrow(call.cloud, call.params[0])) }
}

export function queryEnrollments<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    call: ServiceCall
): ServiceAnswer {
    requireEverything(call, kind.collection)
    const after = (id: string | undefined, count: number) => kind.after(call.cloud, id, count)
    return page(call, kind.itemType, after, kind.idOf, enrollment =>
        enrollmentJson(kind, call.cloud, enrollment, false)
    )
}
