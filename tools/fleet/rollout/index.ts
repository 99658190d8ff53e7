// A fleet brought in wave by wave: who is powered on when, and in which slot each board first registers.
export { type FleetIds, readFleetIds, writeSlots } from "./fleet-ids.js"
export { ALL_HOURS, DAY_NAMES, localText, momentMs, type WorkingHours } from "./working-calendar.js"
export type { RolloutEvent } from "./rollout-events.js"
export type { Reason, Rules } from "./rollout-decision.js"
export { makeRolloutPlan, type RolloutPlanOptions } from "./make-rollout-plan.js"
export {
    curveOf,
    type KnownPlan,
    ROLLOUT_PLAN,
    type RolloutPlan,
    type PlannedBatch,
    rolloutPlanText,
    readRolloutPlan,
} from "./rollout-plan-file.js"
export { idsSha256, powerOnSecs } from "./power-on-times.js"
export { type OpenBatch, RolloutRun, type RunEnd } from "./rollout-run.js"
export { maxConcurrentTightBoards } from "./tight-boards.js"
export { ratePerSec } from "./batch-slots.js"
export { RolloutState } from "./rollout-state.js"
export { throttledOf, WINDOW_SEC } from "./throttle-window.js"
export { type Points, predictedPoints } from "./predicted-timeline.js"
