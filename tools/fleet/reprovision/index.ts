// Boards made to register anew from afar.
export {
    isSuccess,
    type ReprovisionOutcome,
    type ReprovisionResult,
    REPROVISION_RESULTS,
} from "./reprovision-outcome.js"
export {
    queryTargets,
    reprovision,
    type ReprovisionOptions,
    type ReprovisionSummary,
    type ReprovisionTarget,
} from "./reprovision-boards.js"
export { JournalError } from "@moorage/files"
export { ReprovisionState } from "./reprovision-state.js"
