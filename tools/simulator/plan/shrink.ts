// The smallest plan that still breaks an invariant: fewer boards, fewer events, a shorter time are tried.
import { faultsEndSec, type SimulationPlan } from "./simulation-plan.js"
import type { RunResult, Violation } from "../trace/run-result.js"

/** After the violation this much more is run, so that the end of the story is seen. */
const TAIL_SEC = 60

/** Runs a plan; of its result only the violations are looked at. */
export type TryPlan = (plan: SimulationPlan) => Promise<Pick<RunResult, "violations">>

export interface ShrunkPlan {
    plan: SimulationPlan
    violation: Violation
    /** How many plans were tried. */
    tries: number
}

/** Looks for a smaller plan that breaks the same invariant. */
class Shrinker {
    tries = 0

    constructor(
        public plan: SimulationPlan,
        public violation: Violation,
        private readonly tryPlan: TryPlan,
        private readonly triesMax: number
    ) {}

    get isExhausted(): boolean {
        return this.tries >= this.triesMax
    }

    /** Takes the candidate when it fails alike. */
    async accept(candidate: SimulationPlan): Promise<boolean> {
        if (this.isExhausted) return false
        this.tries++
        const { violations } = await this.tryPlan(candidate)
        const same = violations.find(({ invariant }) => invariant === this.violation.invariant)
        if (!same) return false
        this.plan = candidate
        this.violation = same
        return true
    }

    /** The board that failed alone, or else half of the boards, as long as that fails alike. */
    async reduceBoards(): Promise<void> {
        const only = [Number(this.violation.board.replace(/^\D+/, ""))]
        if (await this.accept(withBoards(this.plan, only))) return
        for (let numbers = numbersOf(this.plan); numbers.length > 1 && !this.isExhausted;) {
            const half = Math.ceil(numbers.length / 2)
            const halves = [numbers.slice(0, half), numbers.slice(half)]
            let taken: number[] | undefined
            for (const part of halves)
                if (!taken && (await this.accept(withBoards(this.plan, part)))) taken = part
            if (!taken) return
            numbers = taken
        }
    }

    /** Leaves away ever smaller runs of events (Zeller's ddmin). */
    async reduceEvents(): Promise<void> {
        for (
            let size = this.plan.events.length;
            size >= 1 && !this.isExhausted;
            size = Math.floor(size / 2)
        ) {
            for (let at = 0; at < this.plan.events.length && !this.isExhausted;) {
                const events = this.plan.events.filter((_, i) => i < at || i >= at + size)
                if (!(await this.accept({ ...this.plan, events }))) at += size
            }
        }
    }

    /** Ends soon after the violation. */
    async reduceDuration(): Promise<void> {
        if (this.violation.invariant === "moored") return
        const untilSec = Math.ceil(this.violation.ms / 1000) + TAIL_SEC
        const events = this.plan.events.filter(({ atSec }) => atSec < untilSec)
        const shorter = { ...this.plan, events, mooredWithinSec: 1 }
        const durationSec = Math.max(untilSec, faultsEndSec(shorter) + shorter.mooredWithinSec)
        if (durationSec < this.plan.durationSec) await this.accept({ ...shorter, durationSec })
    }
}

function numbersOf({ boards }: SimulationPlan): number[] {
    return boards.only ?? Array.from({ length: boards.count }, (_, i) => i)
}

function withBoards(plan: SimulationPlan, only: number[]): SimulationPlan {
    return { ...plan, boards: { ...plan.boards, only } }
}

/**
 * Shrinks a plan that breaks an invariant.
 * @param tryPlan with the seed that broke it
 * @param triesMax the search ends after so many runs
 */
export async function shrinkPlan(
    plan: SimulationPlan,
    violation: Violation,
    tryPlan: TryPlan,
    triesMax: number
): Promise<ShrunkPlan> {
    const shrinker = new Shrinker(plan, violation, tryPlan, triesMax)
    await shrinker.reduceDuration()
    await shrinker.reduceBoards()
    await shrinker.reduceEvents()
    await shrinker.reduceDuration()
    return { plan: shrinker.plan, violation: shrinker.violation, tries: shrinker.tries }
}
