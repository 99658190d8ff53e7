import type { EnrollmentBase } from "../../dps/enrollments.js"
import { isJsonObject, type JsonObject } from "../../util/json-object.js"
import { type ServiceAnswer, type ServiceCall, objectBody, requireMatch } from "./service-call.js"
import { type EnrollmentKind, GROUPS, INDIVIDUALS, ensureWriteInfo } from "./dps-documents.js"
import { writeEnrollment } from "./dps-enrollments.js"
import { ServiceError } from "./service-errors.js"

/** The maximum number of enrollments in one bulk operation. */
const BULK_MAX = 10

const MODES = ["create", "update", "updateifmatchetag", "delete"]

function applyItem<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    { cloud }: ServiceCall,
    { mode, id, body }: { mode: string; id: string; body: JsonObject }
): void {
    const old = mode === "create" ? kind.find(cloud, id) : kind.getOrThrow(cloud, id)
    if (mode === "create" && old) throw new ServiceError(409, 409000, `${id} already exists.`)
    const etag = body.etag
    if (mode === "updateifmatchetag" && typeof etag !== "string")
        throw new ServiceError(400, 400004, "etag is missing.")
    // A deletion checks the ETag if the request has one.
    if (old && typeof etag === "string" && mode !== "update")
        requireMatch({ "if-match": etag }, ensureWriteInfo(cloud, old).etag)
    if (mode === "delete") kind.remove(cloud, id)
    else writeEnrollment(kind, cloud, { id, body, old })
}

/** Processes each item separately. The answer lists the items that failed. */
function applyBulk<E extends EnrollmentBase>(
    kind: EnrollmentKind<E>,
    field: string,
    call: ServiceCall
): ServiceAnswer {
    const body = objectBody(call)
    const mode = String(body.mode).toLowerCase()
    const list = body[field]
    if (!MODES.includes(mode)) throw new ServiceError(400, 400004, "mode is invalid.")
    if (!Array.isArray(list) || list.length === 0 || list.length > BULK_MAX)
        throw new ServiceError(400, 400004, `${field} must be a list of 1 to ${BULK_MAX} items.`)
    const errors: JsonObject[] = []
    for (const item of list as unknown[]) {
        const id = isJsonObject(item) ? item[kind.idField] : undefined
        try {
            if (!isJsonObject(item) || typeof id !== "string")
                throw new ServiceError(400, 400004, `${kind.idField} is missing.`)
            applyItem(kind, call, { mode, id, body: item })
        } catch (error) {
            if (!(error instanceof ServiceError)) throw error
            errors.push({ [kind.idField]: id ?? null, errorCode: error.code, errorStatus: error.message })
        }
    }
    return { status: 200, json: { isSuccessful: errors.length === 0, errors } }
}

/** Processes a bulk operation on individual enrollments. @throws ServiceError 400 */
export const bulkIndividuals = (call: ServiceCall) => applyBulk(INDIVIDUALS, "enrollments", call)
/** Processes a bulk operation on enrollment groups. @throws ServiceError 400 */
export const bulkGroups = (call: ServiceCall) => applyBulk(GROUPS, "enrollmentGroups", call)
