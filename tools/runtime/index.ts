// Everything that a test injects: clock, random numbers, timers and byte links. All other code in tools/ takes these as
// arguments; only system-clock.ts reads the clock and the random generator of the machine.
export type { Clock, Timer } from "./clock.js"
export { ManualClock } from "./manual-clock.js"
export { type Random, seededRandom } from "./random.js"
export { ScopedClock } from "./scoped-clock.js"
export { SkewedClock } from "./skewed-clock.js"
export { realClock, realRandom } from "./system-clock.js"
export type { Link, LinkHandler } from "./link/link.js"
export { type DelayModel, linkPair } from "./link/memory-link.js"
export { socketLink } from "./link/socket-link.js"
export { websocketLink } from "./link/websocket-link.js"
