// Time and chance as arguments. Everything else in tools/ takes these; only
// real.ts may touch the machine's own clock and generator.
export type { Clock, Timer } from "./clock.js"
export { ManualClock } from "./manual.js"
export { type Random, seededRandom } from "./random.js"
export { realClock, realRandom } from "./real.js"
export { ScopedClock } from "./scoped.js"
