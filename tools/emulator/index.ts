// An emulated DPS and IoT Hub. dps/ and hub/ know no transport, mqtt/ and rest/ carry them over Links,
// listen.ts puts those on real sockets. Time and chance are always passed in.
export { deriveDeviceKey } from "./auth/keys.js"
export type { Permission, SharedAccessPolicy } from "./auth/policies.js"
export { makeSas } from "./auth/sas.js"
export { Cloud, type CloudOptions, type HubSettings } from "./cloud.js"
export type { EnrollmentGroup, IndividualEnrollment } from "./dps/enrollments.js"
export type { DpsCounters } from "./dps/service.js"
export type { CloudEvent, Fault, FaultPlan, FaultPoint } from "./events.js"
export { type Hub, HubError, type MethodResult } from "./hub/hub.js"
export { type ListenOptions, listen, type Servers } from "./listen.js"
export { type Emulator, type EmulatorOptions, startEmulator } from "./start.js"
