// The parts of the full image: it stores its assignment in flash and has a twin, a status LED and a button.

export { recallFromFlash, storeInFlash } from "./agent/assignment-from-flash"
export { countCrash } from "./agent/crash-count"
export { openTwinSession, onTwinMessage } from "./agent/twin-properties"
export { reprovisionRequested } from "./status/reprovision-button"
export { runStatusLed } from "./status/status-led"
