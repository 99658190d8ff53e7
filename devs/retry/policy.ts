// What went wrong -> what the board does: the table of ARCHITECTURE, as code. Pure: the caller brings
// the counts and the chance, and does what the verdict says.

import { FaultKind } from "../fault"
import { backoffTopMs, uniformMs } from "./backoff"

/** Which service failed the board. */
export const enum Service {
    Dps,
    Hub,
}

export const enum Action {
    /** Wait, then the same service again. */
    Retry,
    /** Wait, learn the time anew, mint a fresh token, then the same service again. */
    RefreshClock,
    /** Wait, forget the assignment, register. */
    Register,
    /** Wait, then reboot: the socket worker may be wedged (facts 3.2). */
    Reboot,
}

/** What has gone wrong since the last stable session, counted before the failure at hand. */
export interface Tries {
    /** Failures in a row. */
    failures: number
    /** Refusals in a row. */
    refusals: number
    /** Silences in a row. */
    silences: number
    /** How long the hub has been out of reach; 0 at DPS. */
    lostMs: number
}

export interface Verdict {
    action: Action
    delayMs: number
}

/** Hub connects: at least a minute between tries (seed, "Retry IoT Hub connection"). */
export const HUB_GAP_MS = 60_000
/** The same hub for this long before going back to DPS (seed: 15 min, better 30). */
export const HUB_WINDOW_MS = 30 * 60_000
/** First wait after a server error (seed: at least 5 s). */
const SERVER_ERROR_MS = 5_000
/** What only an operator can mend is asked about this rarely. */
const SLOW_MS = 10 * 60_000
const CAP_MS = 5 * 60_000
/** Without `retry-after`: (1 / load) * (N / cps) of a fleet of unknown size; the full policy reads it from settings. */
const FLEET_MS = 60_000
/** So many failures without a stable session: a registered board that its hub still refuses slows down. */
const HOPELESS = 4
/** So many silences in a row and the board suspects itself. */
const SILENCES_MAX = 6

/**
 * What to do after a failure.
 * @param retryAfterSec as the service said, or 0: never less than that, up to a quarter of it
 * (at least 1 s) more, so that a fleet spreads
 * @param random in [0, 1)
 */
export function decide(
    at: Service,
    seen: FaultKind,
    tries: Tries,
    retryAfterSec: number,
    random: number
): Verdict {
    const hub = at === Service.Hub
    let action = Action.Retry
    let minMs = hub ? HUB_GAP_MS : 1000
    let maxMs = backoffTopMs(tries.failures, 2 * minMs, CAP_MS)
    switch (seen) {
        case FaultKind.Refused:
            maxMs = 2 * minMs
            if (!tries.refusals) action = Action.RefreshClock
            else if (hub) action = Action.Register
            // Neither a new token nor a new registration helped: the operator's matter.
            if (tries.refusals && (!hub || tries.failures >= HOPELESS)) minMs = SLOW_MS
            break
        case FaultKind.Rejected:
            minMs = SLOW_MS
            break
        case FaultKind.Throttled:
            maxMs = FLEET_MS
            break
        case FaultKind.ServerError:
        case FaultKind.Unavailable:
            if (!hub || !tries.failures) minMs = SERVER_ERROR_MS
            break
        default:
            if (tries.silences >= SILENCES_MAX) action = Action.Reboot
            break
    }
    if (minMs === SLOW_MS) maxMs = 2 * SLOW_MS
    if (hub && tries.lostMs >= HUB_WINDOW_MS) action = Action.Register
    if (retryAfterSec) {
        minMs = Math.max(minMs, retryAfterSec * 1000)
        maxMs = minMs + Math.max(1000, minMs / 4)
    }
    return { action, delayMs: uniformMs(minMs, maxMs, random) }
}
