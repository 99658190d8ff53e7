// The events that change the state of a board. Pure.

import type { FaultKind } from "./fault"

/**
 * The events that are not failures. Their numbers start at 50, because a failure is an event with the number of its
 * `FaultKind`. A new kind of failure therefore does not change the number of any event.
 */
export const enum AgentEvent {
    /** The board found its assignment in flash or by status lookup. */
    Known = 50,
    /** The board found no assignment. */
    Unknown,
    /** DPS assigned a hub that the board did not have before. */
    Assigned,
    /** DPS assigned the same hub again. */
    Returned,
    /** The session has lasted for `stableSec`. */
    Stable,
    /** A user requested reprovisioning. */
    Reprovision,
    /** The token has reached 70 to 85 % of its life. */
    Renew,
}

/** An event of the retry policy. */
export type PolicyEvent = AgentEvent | FaultKind
