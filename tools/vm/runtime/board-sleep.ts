// Computes how long a simulated board can sleep. The runtime maintains its bus at least once per second. The program cannot notice
// that work, so the VM skips it until the program waits for nothing longer.
import { DEVICE_EXPIRES_MS, LAYOUT, VM_SLEEP_MAX_MS } from "./cli-bundle.js"
import type { Machine } from "./machine.js"

/** The runtime compares times as 32-bit microseconds, which works for up to 35 minutes. */
export const LONGEST_SLEEP_MS = 30 * 60_000

/**
 * Returns for how many milliseconds nothing is due that the program can notice. The caller must wake the board earlier
 * when an event from outside arrives.
 *
 * A long sleep skips work of the runtime: its announcements every 500 ms, its search for unbound roles every 980 ms, and
 * the second and third copies of its events. Overdue work happens at the next wake. A program with a role for a service of
 * the runtime therefore gets fewer announcement callbacks. A role whose device appears while the board sleeps is bound
 * immediately, and not up to a second later.
 * @param idleMs idle time that the VM reports; it is returned when it is below the maximum that the VM can report
 * @param maxMs longest sleep
 */
export function sleepMs(machine: Machine, idleMs: number, maxMs: number): number {
    const context = machine.context()
    if (context === 0 || idleMs < VM_SLEEP_MAX_MS || maxMs <= idleMs) return idleMs
    const self = machine.word(LAYOUT.devices)
    // With a second device on the bus, for example a button, the runtime must notice in time when it disappears.
    if (self === 0 || machine.word(self) !== 0) return idleMs
    const nowMs = machine.word(context + LAYOUT.contextNowMs)
    const dueMs = Math.min(maxMs, LONGEST_SLEEP_MS, nextFiberMs(machine, context, nowMs))
    // A sleeping board sends no announcements, so its own entry must not expire.
    machine.words[(self + LAYOUT.deviceExpires) / 4] = 1000 * (nowMs + dueMs + DEVICE_EXPIRES_MS)
    return dueMs
}

/** Returns the time in ms until the next fiber is due, as devs_fiber_get_max_sleep (fibers.c) does, without its limit. */
function nextFiberMs(machine: Machine, context: number, nowMs: number): number {
    let nextMs = Infinity
    for (let fiber = machine.word(context + LAYOUT.contextFibers); fiber !== 0; fiber = machine.word(fiber)) {
        const wakeMs = machine.word(fiber + LAYOUT.fiberWakeMs)
        // Both times are modulo 2^32.
        if (wakeMs !== 0) nextMs = Math.min(nextMs, Math.max(0, (wakeMs - nowMs) | 0))
    }
    return nextMs
}
