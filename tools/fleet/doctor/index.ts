// The checks of `moorage doctor`: machine, configuration, connectivity and keys. The checks are read-only.
export type { DoctorKeys } from "./check-configuration.js"
export { type CheckStatus, countByStatus, type Finding } from "./finding.js"
export type { Probes } from "./probes.js"
export { type DoctorRunOptions, runDoctor } from "./run-doctor.js"
export { systemProbes } from "./system-probes.js"
