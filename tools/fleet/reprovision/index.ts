// Requests boards to register again (R30), by direct method.
export {
    queryTargets,
    reprovision,
    type ReprovisionOptions,
    type ReprovisionSummary,
    type ReprovisionTarget,
} from "./reprovision-boards.js"
export {
    isSuccess,
    REPROVISION_RESULTS,
    type ReprovisionOutcome,
    type ReprovisionResult,
} from "./reprovision-outcome.js"
export { ReprovisionState } from "./reprovision-state.js"
export { JournalError } from "@moorage/files"
