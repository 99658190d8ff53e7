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
import { pageAnswer, requireQueryForAll } from "./paged-query.js"

function attestationOf({ primaryKey, secondaryKey }: EnrollmentBase): JsonObject {
    return { type: "symmetricKey", symmetricKey: { primaryKey, secondaryKey } }
}

/** Returns an enrollment. @throws ServiceError 404 */
export function getEnrollment<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    call: ServiceCall
): ServiceAnswer {
    const enrollment = kind.getOrThrow(call.cloud, call.params[0])
    const json = enrollmentJson(kind, call.cloud, enrollment, true)
    return { status: 200, json, headers: etagHeader(ensureWriteInfo(call.cloud, enrollment).etag) }
}

/** Creates an enrollment, or changes `old`. @throws ServiceError 400 */
export function writeEnrollment<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    cloud: Cloud,
    { id, body, old }: { id: string; body: JsonObject; old: E | undefined }
): E {
    const enrollment = { ...kind.read(cloud, id, body, old), written: newWriteInfo(cloud, old) }
    kind.put(cloud, enrollment)
    return enrollment
}

/** Without If-Match, an existing enrollment is a conflict (azure-iot-sdk-csharp#3076). @throws ServiceError */
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
        throw new ServiceError(409, 409000, `${id} already exists. Send If-Match to change it.`)
    if (old) requireMatch(headers, ensureWriteInfo(cloud, old).etag)
    const enrollment = writeEnrollment(kind, cloud, { id, body, old })
    const json = { ...enrollmentJson(kind, cloud, enrollment, true), attestation: attestationOf(enrollment) }
    return { status: 200, json, headers: etagHeader(enrollment.written?.etag ?? "") }
}

/** Deletes an enrollment. @throws ServiceError 404, 412 */
export function deleteEnrollment<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    call: ServiceCall
): ServiceAnswer {
    const enrollment = kind.getOrThrow(call.cloud, call.params[0])
    requireMatch(call.headers, ensureWriteInfo(call.cloud, enrollment).etag)
    kind.remove(call.cloud, call.params[0])
    return noContentAnswer()
}

/** Returns the keys of an enrollment. No other operation returns them. */
export function getAttestation<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    call: ServiceCall
): ServiceAnswer {
    return { status: 200, json: attestationOf(kind.getOrThrow(call.cloud, call.params[0])) }
}

/** Returns a page of the enrollments. @throws ServiceError 400 */
export function queryEnrollments<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    call: ServiceCall
): ServiceAnswer {
    requireQueryForAll(call, kind.collection)
    return pageAnswer(call, {
        itemType: kind.itemType,
        itemsAfter: (id, count) => kind.after(call.cloud, id, count),
        idOf: kind.idOf,
        toJson: enrollment => enrollmentJson(kind, call.cloud, enrollment, false),
    })
}
