// Protection against known defects of the runtime: a watchdog for the progress of the agent, and a planned reboot
// before fibers stop waking at an uptime of 2^32 ms (runtime-facts.md, D11).

import * as ds from "@devicescript/core"
import { random } from "../auth/crypto"
import { LogText } from "../contract/log-text"
import { lastReceivedMs } from "../socket/socket"

const DAY_MS = 86_400_000
/** Well before day 49.7. */
const UPTIME_MAX_MS = 45 * DAY_MS
/** The watchdog reboots after this time without progress and without a received byte. No wait for an answer is longer. */
const STUCK_MS = 15 * 60_000
/** Long sleeps are split into parts of this length, so that the watchdog sees progress. */
const SLICE_MS = 60_000

let progressMs = 0
let plannedMs = 0

/** Records progress of the agent for the watchdog. */
export function feedWatchdog(): void {
    progressMs = ds.millis()
}

/** Reboots if the planned time has come. Called only while no work is in progress. */
export function rebootIfDue(): void {
    if (ds.millis() >= plannedMs) {
        console.log(LogText.PlannedReboot)
        ds.reboot()
    }
}

/**
 * Sleeps for `ms` milliseconds and feeds the watchdog. A planned reboot waits until the end: a reboot during the sleep
 * would shorten a `retry-after`.
 */
export async function sleepFed(ms: number): Promise<void> {
    const untilMs = ds.millis() + ms
    for (;;) {
        feedWatchdog()
        const leftMs = untilMs - ds.millis()
        if (leftMs <= 0) break
        await ds.sleep(Math.min(SLICE_MS, leftMs))
    }
    rebootIfDue()
}

async function watch(): Promise<void> {
    for (;;) {
        await ds.sleep(SLICE_MS)
        if (ds.millis() - Math.max(progressMs, lastReceivedMs) > STUCK_MS) {
            console.log(LogText.WatchdogReboot)
            ds.reboot()
        }
    }
}

/** Runs the main function of a fiber. Reboots if an error escapes, because the state of the program is then unknown. */
export async function runGuarded(main: () => Promise<void>): Promise<void> {
    try {
        await main()
    } catch (e) {
        ds.reboot()
    }
}

/**
 * Plans the next reboot at a random time, `minDays` to `minDays + spreadDays` from now, but at most at day 45 of
 * uptime. Uptime also counts the time before a restart of the program.
 */
export function planReboot(minDays: number, spreadDays: number): void {
    plannedMs = Math.min(UPTIME_MAX_MS, ds.millis() + DAY_MS * (minDays + spreadDays * random()))
}

/** Starts the watchdog and plans the reboot, 30 to 44 days from now. */
export function supervise(): void {
    feedWatchdog()
    planReboot(30, 14)
    runGuarded.start(watch)
}
