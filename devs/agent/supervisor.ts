// What keeps the board alive on a runtime with known defects: a watchdog over the agent's progress, and
// a planned reboot before fibers stop waking at 2^32 ms of uptime (facts D11).

import * as ds from "@devicescript/core"
import { random } from "../auth/crypto"
import { lastHeardMs } from "../socket/socket"

const DAY_MS = 86_400_000
/** Well before day 49.7. */
const UPTIME_MAX_MS = 45 * DAY_MS
/** No progress, no byte received and no network for this long: reboot. Longer than any wait for one answer. */
const STUCK_MS = 15 * 60_000
/** Sleeps are cut into slices, so that a long wait is progress too. */
const SLICE_MS = 60_000

let progressMs = 0
let plannedMs = 0

/** Tells the watchdog that the agent is moving. */
export function feedWatchdog(): void {
    progressMs = ds.millis()
}

/** Reboots when the planned time has come; called only at moments when nothing is under way. */
export function rebootDue(): void {
    if (ds.millis() >= plannedMs) {
        console.log("planned reboot")
        ds.reboot()
    }
}

/** Waits `ms` milliseconds, with the watchdog fed; the planned reboot waits too, or it would cut a retry-after short. */
export async function sleepFed(ms: number): Promise<void> {
    const untilMs = ds.millis() + ms
    for (;;) {
        feedWatchdog()
        const leftMs = untilMs - ds.millis()
        if (leftMs <= 0) break
        await ds.sleep(Math.min(SLICE_MS, leftMs))
    }
    rebootDue()
}

async function watch(): Promise<void> {
    for (;;) {
        await ds.sleep(SLICE_MS)
        if (ds.millis() - Math.max(progressMs, lastHeardMs()) > STUCK_MS) {
            console.log("stuck: reboot")
            ds.reboot()
        }
    }
}

/** Runs a fiber's whole life; an error that escapes it reboots, instead of restarting in a doubtful state. */
export async function runGuarded(life: () => Promise<void>): Promise<void> {
    try {
        await life()
    } catch (e) {
        ds.reboot()
    }
}

/**
 * Plans the next reboot, `minDays` to `minDays + spreadDays` from now; never later than day 45 of uptime, which goes
 * on when a program that died is started again.
 */
export function planReboot(minDays: number, spreadDays: number): void {
    plannedMs = Math.min(UPTIME_MAX_MS, ds.millis() + DAY_MS * (minDays + spreadDays * random()))
}

/** Starts the watchdog and draws the day of the planned reboot, 30 to 44 days from now. */
export function supervise(): void {
    feedWatchdog()
    planReboot(30, 14)
    runGuarded.start(watch)
}
