// One board in real time, for a person to play with: what it is made of, where it moors, what can be done to it.
export { DevBoard, type DevBoardEvent, type DevBoardStatus, HOLD_MS, PRESS_MS } from "./dev-board.js"
export { DevBoardError } from "./dev-board-error.js"
export { openFlash, isBlank } from "./flash-file.js"
export { embeddedEmulatorTarget, targetFromProfile, azureTarget, type CloudTarget } from "./cloud-target.js"
export { type FlashIdentity, readIdentity, type FlashContents } from "./flash-contents.js"
