// One simulated board in real time: its parts, the cloud that it connects to, and the actions of the user.
export { azureTarget, type CloudTarget, embeddedEmulatorTarget, targetFromProfile } from "./cloud-target.js"
export { DevBoard, type DevBoardEvent, type DevBoardStatus, HOLD_MS, PRESS_MS } from "./dev-board.js"
export { DevBoardError } from "./dev-board-error.js"
export { type FlashContents, type FlashIdentity, readIdentity } from "./flash-contents.js"
export { isBlank, openFlash } from "./flash-file.js"
