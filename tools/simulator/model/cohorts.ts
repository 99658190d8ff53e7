// Cohorts make a million boards affordable: boards in the same state that act at the same time are one cohort.
import type { AgentState } from "@moorage/device/shared"
import type { VirtualClock } from "../world/virtual-clock.js"

/** What a board sends to a service. */
export enum CohortStep {
    /** A status lookup to DPS. */
    Lookup,
    /** A register request to DPS. */
    Register,
    /** A CONNECT to the hub. */
    Connect,
}

/** Boards in the same state that act at the same time. */
export interface Cohort {
    step: CohortStep
    boards: number
    /** State of devs/retry/retry-policy.ts, after its delay. */
    agent: AgentState
    /** Whether the boards know the time. If not, they get it from DPS before they register. */
    knowsTime: boolean
    /** Number of the assigned hub; undefined without an assignment. */
    hub: number | undefined
}

/** Returns whether two cohorts that are both due at `atMs` of elapsed time can be one. */
function isEqual(a: Cohort, b: Cohort, atMs: number): boolean {
    return (
        a.step === b.step &&
        a.hub === b.hub &&
        a.knowsTime === b.knowsTime &&
        isEqualState(a.agent, b.agent, atMs)
    )
}

/** Returns whether the policy treats both states alike from `atMs` on. A wait that is over makes no difference. */
function isEqualState(a: AgentState, b: AgentState, atMs: number): boolean {
    const isEqualWait = (aMs: number, bMs: number) => Math.max(atMs, aMs) === Math.max(atMs, bMs)
    return (
        a.phase === b.phase &&
        a.action === b.action &&
        a.failures === b.failures &&
        a.refusals === b.refusals &&
        a.dpsFailures === b.dpsFailures &&
        a.dpsRefusals === b.dpsRefusals &&
        a.hasHub === b.hasHub &&
        a.needsDps === b.needsDps &&
        a.isRequested === b.isRequested &&
        isEqualWait(a.dpsDueMs, b.dpsDueMs) &&
        isEqualWait(a.hubDueMs, b.hubDueMs) &&
        a.timeouts === b.timeouts &&
        a.lostMs === b.lostMs &&
        a.windowMs === b.windowMs
    )
}

/** The future cohorts, with one call of the clock for each millisecond in which cohorts arrive. */
export class Cohorts {
    private readonly due = new Map<number, Cohort[]>()

    constructor(
        private readonly clock: VirtualClock,
        private readonly arrive: (cohort: Cohort) => void
    ) {}

    /** Schedules the arrival of a cohort in `delayMs`, an integer. Merges it with an equal cohort of the same time. */
    add(delayMs: number, cohort: Cohort): void {
        const atMs = this.clock.nowMs() + delayMs
        const sameTime = this.due.get(atMs)
        if (!sameTime) {
            this.due.set(atMs, [cohort])
            this.clock.after(delayMs, this.arriveDue)
            return
        }
        const equal = sameTime.find(other => isEqual(other, cohort, this.clock.elapsedMs() + delayMs))
        if (equal) equal.boards += cohort.boards
        else sameTime.push(cohort)
    }

    /** Delivers the cohorts that are due now. One function for all calls, because a closure for each would need memory. */
    private readonly arriveDue = (): void => {
        const atMs = this.clock.nowMs()
        const cohorts = this.due.get(atMs) ?? []
        this.due.delete(atMs)
        for (const cohort of cohorts) this.arrive(cohort)
    }
}
