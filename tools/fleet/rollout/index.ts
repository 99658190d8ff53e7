// Roll-outs: makes and runs a plan, which gives each board a power-on time and a slot for its registration (R33 to R35).
export { maxConcurrentTightBoards, ratePerSec } from "./batch-slots.js"
export { type FleetIds, readFleetIds, writeSlots } from "./fleet-ids.js"
export { makeRolloutPlan, type RolloutPlanOptions } from "./make-rollout-plan.js"
export { type PredictedPoints, predictedPoints } from "./predicted-timeline.js"
export type { HoldReason, RolloutRules } from "./rollout-decision.js"
export type { RolloutEvent } from "./rollout-events.js"
export {
    findCurve,
    idsSha256,
    type LoadedPlan,
    type PlannedBatch,
    powerOnSecs,
    readRolloutPlan,
    ROLLOUT_PLAN,
    type RolloutPlan,
    rolloutPlanText,
} from "./rollout-plan-file.js"
export { type OpenBatch, type RolloutEnd, RolloutRun } from "./rollout-run.js"
export { RolloutState } from "./rollout-state.js"
export { parseThrottledCount, THROTTLE_WINDOW_SEC } from "./throttle-window.js"
export { ALL_HOURS, DAY_NAMES, formatLocalTime, parseTimeMs, type WorkingHours } from "./working-calendar.js"
