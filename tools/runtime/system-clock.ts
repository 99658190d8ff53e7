import { randomBytes } from "node:crypto"
import type { Clock } from "./clock.js"
import type { Random } from "./random.js"

/** Node's timers take no more: a longer one would fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1

/** The machine's own clock. The one place that may read it: see ARCHITECTURE, "Time". */
export const realClock: Clock = {
    nowMs: () => Date.now(),
    after: (delayMs, fn) => {
        let handle: NodeJS.Timeout
        const wait = (leftMs: number) => {
            if (leftMs <= TIMER_MAX_MS) handle = setTimeout(fn, leftMs)
            else handle = setTimeout(() => wait(leftMs - TIMER_MAX_MS), TIMER_MAX_MS)
        }
        wait(delayMs)
        return { cancel: () => clearTimeout(handle) }
    },
}

/** The machine's own generator, fit for keys and nonces. */
export const realRandom: Random = {
    next: () => randomBytes(4).readUInt32LE(0) / 0x1_0000_0000,
    bytes: count => new Uint8Array(randomBytes(count)),
}
