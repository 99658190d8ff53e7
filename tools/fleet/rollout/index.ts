// A fleet brought in wave by wave: who is powered on when, and in which slot each board first registers.
export { type FleetIds, readFleetIds, writeSlots } from "./boards.js"
export { ALL_HOURS, DAY_NAMES, localText, momentMs, type WorkingHours } from "./calendar.js"
export type { RolloutEvent } from "./events.js"
export type { Reason, Rules } from "./machine.js"
export { makePlan, type PlanChoices } from "./plan.js"
export {
    curveOf,
    type KnownPlan,
    PLAN,
    type Plan,
    type PlannedBatch,
    planText,
    readPlan,
} from "./planfile.js"
export { idsSha256, powerOnSecs } from "./power.js"
export { type OpenBatch, RolloutRun, type RunEnd } from "./run.js"
export { tightTogether } from "./tight.js"
export { ratePerSec } from "./slots.js"
export { RolloutState } from "./state.js"
export { throttledOf, WINDOW_SEC } from "./throttled.js"
export { type Points, predictedPoints } from "./timeline.js"
