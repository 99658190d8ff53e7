// Boards made to register anew from afar.
export { isGood, type Outcome, type Result, RESULTS } from "./outcome.js"
export { queried, reprovision, type ReprovisionOptions, type Summary, type Target } from "./reprovision.js"
export { StateError } from "../linefile.js"
export { StateFile } from "./state.js"
