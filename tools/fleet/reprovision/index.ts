// Boards made to register anew from afar.
export { isGood, type Outcome, type Result, RESULTS } from "./reprovision-outcome.js"
export {
    queried,
    reprovision,
    type ReprovisionOptions,
    type Summary,
    type Target,
} from "./reprovision-boards.js"
export { JournalError } from "@moorage/files"
export { StateFile } from "./reprovision-state.js"
