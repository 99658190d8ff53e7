// What the board is at, for whoever shows it: lamp.ts, in the image that has room for one.

import type { Fiber } from "@devicescript/core"

/** How long the lamp is on, in ms; it is off as long, but for two of them. */
export const enum BoardStatus {
    /** A flash every 10 s: for a slot, a retry or a network. */
    Waiting = 100,
    /** Fast blinks: talking to DPS, or connecting to the hub. */
    Working = 250,
    /** Slow blinks: waiting too, but the operator is needed, or the trouble lasts. */
    Failing = 1000,
    /** Steady; nobody is woken for it. */
    Moored = 3600_000,
}

export let shown = BoardStatus.Working
/** Who sleeps until the next change. */
let sleeper: Fiber

/** Says what the board is at, until told otherwise. */
export function setStatus(light: BoardStatus): void {
    shown = light
    const fiber = sleeper
    sleeper = undefined
    if (fiber) fiber.resume(undefined)
}

/** Names the fiber to wake at the next change; none when undefined. */
export function wakeOnChange(fiber: Fiber): void {
    sleeper = fiber
}
