import type { JsonObject } from "../util/json-object.js"
import {
    DEFAULT_REPROVISION,
    type EnrollmentBase,
    type EnrollmentGroup,
    type IndividualEnrollment,
} from "./enrollments.js"

/** An enrollment as DPS shows it, to its operator and to a webhook: never with its keys. */
export function enrollmentDocument(enrollment: EnrollmentBase): JsonObject {
    const { registrationId, deviceId, enrollmentGroupId } = enrollment as Partial<IndividualEnrollment> &
        Partial<EnrollmentGroup>
    return {
        registrationId,
        deviceId,
        enrollmentGroupId,
        attestation: { type: "symmetricKey" },
        capabilities: enrollment.capabilities ?? { iotEdge: false },
        iotHubs: enrollment.iotHubs,
        initialTwin: enrollment.initialTwin,
        provisioningStatus: enrollment.provisioningStatus ?? "enabled",
        reprovisionPolicy: enrollment.reprovisionPolicy ?? DEFAULT_REPROVISION,
        allocationPolicy: enrollment.allocationPolicy ?? "hashed",
        customAllocationDefinition: enrollment.customAllocationDefinition,
        ...enrollment.written,
    }
}
