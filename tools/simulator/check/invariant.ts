// The type of an invariant, and helpers of several invariants.
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import type { TraceEvent } from "../trace/trace-event.js"
import type { BoardObserver } from "./board-observer.js"

/** A rule that every run keeps, whatever the plan does to the fleet. */
export interface Invariant {
    id: string
    sentence: string
    /** Requirements, failures of the policy, or runtime facts that demand the rule. */
    source: string
}

/**
 * Checks one trace event of a board. The observer has not seen the event yet.
 * Returns what is wrong, or undefined.
 */
export type EventCheck = (event: TraceEvent, observer: BoardObserver) => string | undefined

/** An invariant that is checked at each trace event of a board. */
export type EventInvariant = Invariant & { check: EventCheck }

/** Tolerance for the tick of the VM, and for sending and receiving. */
export const TOLERANCE_MS = 50

/** Returns whether a trace event's service is a hub. */
export const isHub = (service: string | undefined): service is string =>
    service !== undefined && service !== GLOBAL_DEVICE_ENDPOINT && service !== "dps"

/** Returns `12.3 s`. */
export const formatSeconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

/** Returns what a board did, for the text of a violation: `connected`, `registered`, `poll`, `lookup`. */
export function actionText(kind: TraceEvent["kind"]): string {
    if (kind === "dial") return "connected"
    return kind === "register" ? "registered" : kind
}
