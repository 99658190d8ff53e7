// One board in real time, for a person to play with: what it is made of, where it moors, what can be done to it.
export { DeskBoard, type DeskEvent, type DeskStatus, HOLD_MS, PRESS_MS } from "./dev-board.js"
export { DeskError } from "./dev-board-error.js"
export { openFlash, isBlank } from "./flash-file.js"
export { ownShore, profileShore, realShore, type Shore } from "./cloud-target.js"
export { type Identity, identityIn, type Stored } from "./flash-contents.js"
