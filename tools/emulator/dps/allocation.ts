import { createHash } from "node:crypto"
import type { RegistrationState } from "./bodies.js"
import type { AllocationPolicy } from "./enrollments.js"

/**
 * The hub of `hashed` allocation ("evenly weighted"): the one with the highest hash together with the
 * registration ID, so that a hub that comes or goes moves as few devices as can be.
 */
export function hashedHub(registrationId: string, hubs: string[]): string {
    const weight = (hub: string) => createHash("sha256").update(`${hub}\n${registrationId}`).digest("hex")
    return hubs.map(hub => ({ hub, weight: weight(hub) })).reduce((a, b) => (b.weight > a.weight ? b : a)).hub
}

/** The hub that a policy gives a device; `hashed` is the default (facts 3). */
export function allocate(
    policy: AllocationPolicy | undefined,
    registrationId: string,
    hubs: string[]
): string {
    return policy === "static" ? hubs[0] : hashedHub(registrationId, hubs)
}

/** What being assigned to `hub` is, after the registration `old`. */
export function substatusOf(
    old: RegistrationState | undefined,
    hub: string,
    migrate: boolean
): RegistrationState["substatus"] {
    if (!old?.assignedHub) return "initialAssignment"
    if (old.assignedHub === hub) return old.substatus ?? "initialAssignment"
    return migrate ? "deviceDataMigrated" : "deviceDataReset"
}
