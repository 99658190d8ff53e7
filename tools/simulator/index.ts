// The simulator: thousands of boards in virtual time, with the real bytecode in the real VM, against the emulator's
// core. A run is a pure function of plan, seed and bytecode. The caller passes in everything that depends on the outside.
export { VirtualClock } from "./world/virtual-clock.js"
export { type TraceEvent, traceLine, formatTraceEvent } from "./trace/trace-event.js"
export { INVARIANTS } from "./check/invariants.js"
export { type SeedJobsOptions, runSeeds } from "./seed-jobs.js"
export type { ImageBoard, ImageFleet } from "./world/image-fleet.js"
export {
    faultsEndSec,
    formatSimulationPlan,
    parseSimulationPlan,
    type SimulationPlan,
    type PlanEvent,
    readSimulationPlan,
    builtinPlans,
    withBoardCount,
} from "./plan/simulation-plan.js"
export { type ReplayCommands, replayCommands } from "./replay-command.js"
export type { RunResult, Series, Totals, Violation } from "./trace/run-result.js"
export type { Images } from "./world/fleet-spec.js"
export {
    type FleetRun,
    loadImages,
    openRunFromImages,
    openRun,
    runPlan,
    type FleetRunOptions,
} from "./fleet-run.js"
export { shrinkPlan, type ShrunkPlan } from "./plan/shrink.js"
export {
    mergeSummaries,
    MergeError,
    type SeedSummary,
    summariseRuns,
    type SimulationSummary,
} from "./trace/seed-summary.js"
