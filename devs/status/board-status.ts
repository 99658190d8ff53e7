// The status of the board, for the modules that display it: `status-led.ts` in the full image.

import type { Fiber } from "@devicescript/core"

/** The status, as the time in ms that the LED is on. The LED is off for the same time, except in `Waiting` and `Moored`. */
export const enum BoardStatus {
    /** A short blink every 10 s: the board waits for a slot, a retry or a network. */
    Waiting = 100,
    /** Fast blinks: the board communicates with DPS or connects to the hub. */
    Working = 250,
    /** Slow blinks: the board waits too, but an operator has to act, or the problem persists. */
    Failing = 1000,
    /** Always on. The long time wakes the fiber rarely. */
    Moored = 3600_000,
}

/** The status that `setStatus` has set last. */
export let currentStatus = BoardStatus.Working
/** The fiber to wake at the next change. */
let sleeper: Fiber

/** Sets the status of the board. */
export function setStatus(status: BoardStatus): void {
    currentStatus = status
    const fiber = sleeper
    sleeper = undefined
    if (fiber) fiber.resume(undefined)
}

/** Registers the fiber to wake at the next change, or none if `fiber` is undefined. */
export function wakeOnChange(fiber: Fiber): void {
    sleeper = fiber
}
