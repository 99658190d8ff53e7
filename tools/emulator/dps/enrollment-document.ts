import type { JsonObject } from "../util/json-object.js"
import {
    DEFAULT_REPROVISION,
    type EnrollmentBase,
    type EnrollmentGroup,
    type IndividualEnrollment,
} from "./enrollments.js"

/** Returns the JSON of an enrollment for the service API and for a webhook. It never contains keys. */
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
