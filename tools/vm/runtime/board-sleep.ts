// How long a board may sleep. The runtime looks after its bus at least once a second, but between one thing that the
// program waits for and the next nothing of that can reach the program.
import { DEVICE_EXPIRES_MS, LAYOUT, VM_SLEEP_MAX_MS } from "./cli-bundle.js"
import type { Machine } from "./machine.js"

/** The runtime compares moments as 32-bit microseconds, which is right up to 35 minutes. */
export const LONGEST_SLEEP_MS = 30 * 60_000

/**
 * For how many milliseconds nothing is due that the program can notice, at most `maxMs`; `idleMs` is what the VM
 * says, which stands when it is less than the most that the VM can say. The caller wakes the board before, when
 * something reaches it from outside.
 *
 * What a long sleep skips is the runtime's own: its announces each 500 ms, its search for unbound roles each 980 ms,
 * the second and third copies of its events. All that is overdue happens at the next wake. A program that has a role
 * of the runtime's own services is called back at fewer announces; a role whose device comes onto the bus of a
 * sleeping board is bound at once, not up to a second later.
 */
export function sleepMs(machine: Machine, idleMs: number, maxMs: number): number {
    const context = machine.context()
    if (context === 0 || idleMs < VM_SLEEP_MAX_MS || maxMs <= idleMs) return idleMs
    const self = machine.word(LAYOUT.devices)
    // A second device, such as a button in use, must be missed in time when it falls silent.
    if (self === 0 || machine.word(self) !== 0) return idleMs
    const nowMs = machine.word(context + LAYOUT.contextNowMs)
    const dueMs = Math.min(maxMs, LONGEST_SLEEP_MS, nextFiberMs(machine, context, nowMs))
    // The board announces itself no more while it sleeps, and must not forget itself.
    machine.words[(self + LAYOUT.deviceExpires) / 4] = 1000 * (nowMs + dueMs + DEVICE_EXPIRES_MS)
    return dueMs
}

/** As devs_fiber_get_max_sleep (fibers.c), without its limit. */
function nextFiberMs(machine: Machine, context: number, nowMs: number): number {
    let nextMs = Infinity
    for (let fiber = machine.word(context + LAYOUT.contextFibers); fiber !== 0; fiber = machine.word(fiber)) {
        const wakeMs = machine.word(fiber + LAYOUT.fiberWakeMs)
        // Both count modulo 2^32.
        if (wakeMs !== 0) nextMs = Math.min(nextMs, Math.max(0, (wakeMs - nowMs) | 0))
    }
    return nextMs
}
