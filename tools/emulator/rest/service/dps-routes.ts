import type { Permission } from "../../auth/access-policies.js"
import type { EnrollmentBase } from "../../dps/enrollments.js"
import type { ServiceRoute } from "./service-call.js"
import { bulkGroups, bulkIndividuals } from "./dps-bulk.js"
import {
    deleteEnrollment,
    getAttestation,
    getEnrollment,
    putEnrollment,
    queryEnrollments,
} from "./dps-enrollments.js"
import { type EnrollmentKind, GROUPS, INDIVIDUALS } from "./dps-documents.js"
import { deleteRegistration, getRegistration, queryRegistrations } from "./dps-registrations.js"

const READ: Permission = "EnrollmentRead"
const WRITE: Permission = "EnrollmentWrite"
const STATUS_READ: Permission = "RegistrationStatusRead"
const STATUS_WRITE: Permission = "RegistrationStatusWrite"

function routesOf<E extends EnrollmentBase>(
    path: string,
    kind: EnrollmentKind<E>,
    bulk: ServiceRoute["handle"]
): ServiceRoute[] {
    const one = `${path}/:id`
    return [
        { method: "POST", path, permission: WRITE, handle: bulk },
        {
            method: "POST",
            path: `${path}/query`,
            permission: READ,
            handle: call => queryEnrollments(kind, call),
        },
        { method: "GET", path: one, permission: READ, handle: call => getEnrollment(kind, call) },
        { method: "PUT", path: one, permission: WRITE, handle: call => putEnrollment(kind, call) },
        { method: "DELETE", path: one, permission: WRITE, handle: call => deleteEnrollment(kind, call) },
        {
            method: "POST",
            path: `${one}/attestationmechanism`,
            permission: READ,
            handle: call => getAttestation(kind, call),
        },
    ]
}

/** The routes of the DPS service API (2021-10-01; protocol-facts.md, 7). */
export const DPS_ROUTES: ServiceRoute[] = [
    ...routesOf("/enrollments", INDIVIDUALS, bulkIndividuals),
    ...routesOf("/enrollmentGroups", GROUPS, bulkGroups),
    {
        method: "POST",
        path: "/registrations/:group/query",
        permission: STATUS_READ,
        handle: queryRegistrations,
    },
    { method: "GET", path: "/registrations/:id", permission: STATUS_READ, handle: getRegistration },
    { method: "DELETE", path: "/registrations/:id", permission: STATUS_WRITE, handle: deleteRegistration },
]
