import type { RegistrationState } from "../../dps/dps-bodies.js"
import {
    type ServiceAnswer,
    type ServiceCall,
    noContentAnswer,
    etagHeader,
    requireMatch,
} from "./service-call.js"
import { GROUPS } from "./dps-documents.js"
import { ServiceError } from "./service-errors.js"
import { pageAnswer, requireQueryForAll } from "./paged-query.js"

function getOrThrow(call: ServiceCall): RegistrationState {
    const state = call.cloud.dps.registration(call.params[0])
    if (!state) throw new ServiceError(404, 404201, "Registration not found.")
    return state
}

/** Returns a registration record. @throws ServiceError 404 */
export function getRegistration(call: ServiceCall): ServiceAnswer {
    const state = getOrThrow(call)
    return { status: 200, json: state, headers: etagHeader(state.etag ?? "") }
}

/** Deletes a registration record. @throws ServiceError 404, 412 */
export function deleteRegistration(call: ServiceCall): ServiceAnswer {
    const { registrationId, etag } = getOrThrow(call)
    requireMatch(call.headers, etag ?? "")
    call.cloud.dps.deleteRegistration(registrationId)
    return noContentAnswer()
}

/** Returns a page of the registrations of one enrollment group. */
export function queryRegistrations(call: ServiceCall): ServiceAnswer {
    const { dps } = call.cloud
    const [group] = call.params
    requireQueryForAll(call, "registrations")
    GROUPS.getOrThrow(call.cloud, group)
    return pageAnswer<RegistrationState>(call, {
        itemType: "DeviceRegistrationState",
        itemsAfter: (id, count) => dps.registrationsOf(group, id, count),
        idOf: state => state.registrationId,
        toJson: state => state,
    })
}
