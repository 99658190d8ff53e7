import type { Clock } from "@moorage/runtime"
import type { InjectedFault, FaultSource, FaultPoint } from "./injected-fault.js"

/** The effects of a fault on a request. Each transport implements them. */
export interface FaultTarget {
    /** Resets the connection. */
    abort(): void
    /** Closes the connection after this number of further bytes to the peer. */
    truncateAfter(bytes: number): void
    /** Processes the request, or answers with the status or the CONNACK code of the fault. */
    answer(fault: InjectedFault | undefined): void
}

/** Finds the fault for a request and applies it: the answer comes immediately, late, incomplete or never. */
export function applyFault(
    { clock, findFault }: { clock: Clock; findFault: FaultSource },
    point: FaultPoint,
    request: FaultTarget
): void {
    const fault = findFault(point)
    if (fault?.mute) return
    if (fault?.dropAfterBytes !== undefined) request.truncateAfter(fault.dropAfterBytes)
    if (fault?.close) request.abort()
    else if (fault?.delayMs) clock.after(fault.delayMs, () => request.answer(fault))
    else request.answer(fault)
}
