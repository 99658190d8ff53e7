// One board in real time, for a person to play with: what it is made of, where it moors, what can be done to it.
export { DeskBoard, type DeskEvent, type DeskStatus, HOLD_MS, PRESS_MS } from "./desk.js"
export { DeskError } from "./error.js"
export { openFlash, isBlank } from "./flashfile.js"
export { ownShore, profileShore, realShore, type Shore } from "./shore.js"
export { type Identity, identityIn, type Stored } from "./stored.js"
