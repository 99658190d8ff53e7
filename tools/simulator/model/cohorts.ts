// What makes a million boards affordable: boards that are alike and do the same at the same moment are one cohort.
import type { AgentState } from "@moorage/device/shared"
import type { VirtualClock } from "../world/virtual-clock.js"

/** What arrives at a service. */
export enum CohortStep {
    /** A status lookup at DPS. */
    Lookup,
    /** A register request at DPS. */
    Register,
    /** A CONNECT at the hub. */
    Connect,
}

/** Boards that do the same at the same moment, and remember the same. */
export interface Cohort {
    step: CohortStep
    boards: number
    /** As of devs/retry/retry-policy.ts; its delay has been waited. */
    agent: AgentState
    /** Whether they know the time; without it they ask DPS before they register. */
    knowsTime: boolean
    /** Number of the hub assigned to them, or -1. */
    hub: number
}

function isAlike(a: Cohort, b: Cohort): boolean {
    return a.step === b.step && a.hub === b.hub && a.knowsTime === b.knowsTime && isSameLife(a.agent, b.agent)
}

function isSameLife(a: AgentState, b: AgentState): boolean {
    return (
        a.phase === b.phase &&
        a.action === b.action &&
        a.failures === b.failures &&
        a.refusals === b.refusals &&
        a.timeouts === b.timeouts &&
        a.lostMs === b.lostMs &&
        a.windowMs === b.windowMs
    )
}

/** The cohorts to come, on the clock: one call of it for each millisecond at which there is anybody. */
export class Cohorts {
    private readonly due = new Map<number, Cohort[]>()

    constructor(
        private readonly clock: VirtualClock,
        private readonly arrive: (cohort: Cohort) => void
    ) {}

    /** Boards arrive `delayMs` from now, a whole number. */
    join(delayMs: number, cohort: Cohort): void {
        const atMs = this.clock.nowMs() + delayMs
        const there = this.due.get(atMs)
        if (!there) {
            this.due.set(atMs, [cohort])
            this.clock.after(delayMs, this.run)
            return
        }
        const alike = there.find(other => isAlike(other, cohort))
        if (alike) alike.boards += cohort.boards
        else there.push(cohort)
    }

    /** Those that are due now. One function for all, not a closure each: there may be a million to come. */
    private readonly run = (): void => {
        const atMs = this.clock.nowMs()
        const cohorts = this.due.get(atMs) ?? []
        this.due.delete(atMs)
        for (const cohort of cohorts) this.arrive(cohort)
    }
}
