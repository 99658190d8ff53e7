import type { RegistrationState } from "../../dps/dps-bodies.js"
import { type ServiceAnswer, type ServiceCall, noContent } from "./service-call.js"
import { GROUPS } from "./dps-documents.js"
import { ServiceError } from "./service-errors.js"
import { etagHeader, requireMatch } from "./etag.js"
import { page, requireEverything } from "./paged-query.js"

function required(call: ServiceCall): RegistrationState {
    const state = call.cloud.dps.registration(call.params[0])
    if (!state) throw new ServiceError(404, 404201, "Registration not found.")
    return state
}

export function getRegistration(call: ServiceCall): ServiceAnswer {
    const state = required(call)
    return { status: 200, json: state, headers: etagHeader(state.etag ?? "") }
}

export function deleteRegistration(call: ServiceCall): ServiceAnswer {
    const { registrationId, etag } = required(call)
    requireMatch(call.headers, etag ?? "")
    call.cloud.dps.deleteRegistration(registrationId)
    return noContent()
}

/** The registrations of one enrollment group. */
export function queryRegistrations(call: ServiceCall): ServiceAnswer {
    const { dps } = call.cloud
    const [group] = call.params
    requireEverything(call, "registrations")
    GROUPS.required(call.cloud, group)
    return page<RegistrationState>(
        call,
        "DeviceRegistrationState",
        (id, count) => dps.registrationsOf(group, id, count),
        state => state.registrationId,
        state => state
    )
}
