import { randomBytes } from "node:crypto"
import type { Clock } from "./clock.js"
import type { Random } from "./random.js"

/** Longest delay of a Node timer. A longer delay would fire immediately. */
const TIMER_MAX_MS = 2 ** 31 - 1

/** The clock of the machine. No other module may read it (docs/internals/architecture.md, Time). */
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

/** The random generator of the operating system, safe for keys and nonces. */
export const realRandom: Random = {
    next: () => randomBytes(4).readUInt32LE(0) / 0x1_0000_0000,
    bytes: count => new Uint8Array(randomBytes(count)),
}
