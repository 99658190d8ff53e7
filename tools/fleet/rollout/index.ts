// A fleet brought in wave by wave: who is powered on when, and in which slot each board first registers.
export { type FleetIds, readFleetIds, writeSlots } from "./fleet-ids.js"
export { ALL_HOURS, DAY_NAMES, formatLocalTime, parseTimeMs, type WorkingHours } from "./working-calendar.js"
export type { RolloutEvent } from "./rollout-events.js"
export type { HoldReason, RolloutRules } from "./rollout-decision.js"
export { makeRolloutPlan, type RolloutPlanOptions } from "./make-rollout-plan.js"
export {
    findCurve,
    idsSha256,
    type KnownPlan,
    ROLLOUT_PLAN,
    type RolloutPlan,
    type PlannedBatch,
    powerOnSecs,
    rolloutPlanText,
    readRolloutPlan,
} from "./rollout-plan-file.js"
export { type OpenBatch, RolloutRun, type RolloutEnd } from "./rollout-run.js"
export { maxConcurrentTightBoards, ratePerSec } from "./batch-slots.js"
export { RolloutState } from "./rollout-state.js"
export { parseThrottledCount, WINDOW_SEC } from "./throttle-window.js"
export { type PredictedPoints, predictedPoints } from "./predicted-timeline.js"
