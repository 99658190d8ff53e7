import type { Clock } from "@moorage/runtime"
import type { InjectedFault, FaultSource, FaultPoint } from "./injected-fault.js"

/** What a fault may do to a request, whatever carries it. */
export interface FaultTarget {
    /** Breaks the connection. */
    abort(): void
    /** Breaks the connection once so many bytes more were sent. */
    truncateAfter(bytes: number): void
    /** Does the work, or answers with the fault's status or CONNACK code. */
    answer(fault: InjectedFault | undefined): void
}

/** Lets `request` through as the plan says: now, late, broken off, or never. Asks the plan once. */
export function applyFault(
    plan: FaultSource | undefined,
    clock: Clock,
    point: FaultPoint,
    request: FaultTarget
): void {
    const fault = plan?.(point)
    if (fault?.mute) return
    if (fault?.dropAfterBytes !== undefined) request.truncateAfter(fault.dropAfterBytes)
    if (fault?.close) request.abort()
    else if (fault?.delayMs) clock.after(fault.delayMs, () => request.answer(fault))
    else request.answer(fault)
}
