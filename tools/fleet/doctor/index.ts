// Checks machine, configuration, the way to DPS, and whether the keys work. Nothing is created or changed anywhere.
export { countByStatus, type Finding, type CheckStatus } from "./finding.js"
export type { DoctorKeys } from "./check-configuration.js"
export type { Probes } from "./probes.js"
export { systemProbes } from "./system-probes.js"
export { type DoctorRunOptions, runDoctor } from "./run-doctor.js"
