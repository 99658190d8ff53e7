// The simulator: real bytecode in the real VM on thousands of boards, in virtual time, against the emulator's core.
// A run is a pure function of plan, seed and bytecode. What a run may use of the outside is passed in.
export { VirtualClock } from "./clock.js"
export { type Fact, factLine, factText } from "./facts.js"
export { type Invariant, INVARIANTS } from "./invariants.js"
export { type JobsOptions, runSeeds } from "./jobs.js"
export type { MadeBoard, MadeFleet } from "./made.js"
export {
    faultsEndSec,
    formatPlan,
    parsePlan,
    type Plan,
    type PlanEvent,
    readPlan,
    readyPlans,
    withBoardCount,
} from "./plan.js"
export { type Replay, replayOf } from "./replay.js"
export type { RunResult, Series, Totals, Violation } from "./result.js"
export type { Images } from "./roster.js"
export { type FleetRun, loadImages, openMadeRun, openRun, runPlan, type RunOptions } from "./run.js"
export { shrink, type Shrunk } from "./shrink.js"
export { merge, MergeError, type SeedSummary, summarise, type Summary } from "./summary.js"
