// The parts of the full image: it stores its hub in flash, keeps a twin, and has a status LED and a button.

export { recallFromFlash, rememberInFlash } from "./agent/assignment-from-flash"
export { countRestarts } from "./agent/crash-count"
export { openedTwin, receivedTwin } from "./agent/twin-properties"
export { buttonAsked } from "./status/reprovision-button"
export { shine } from "./status/status-led"
