// Boards made to register anew from afar.
export { isGood, type ReprovisionOutcome, type Result, RESULTS } from "./reprovision-outcome.js"
export {
    queried,
    reprovision,
    type ReprovisionOptions,
    type ReprovisionSummary,
    type ReprovisionTarget,
} from "./reprovision-boards.js"
export { JournalError } from "@moorage/files"
export { StateFile } from "./reprovision-state.js"
