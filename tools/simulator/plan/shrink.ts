// Searches for the smallest plan that still breaks an invariant, with fewer boards, fewer events and a shorter duration.
import { faultsEndSec, type SimulationPlan } from "./simulation-plan.js"
import type { RunResult, Violation } from "../trace/run-result.js"

/** The shrunk plan runs this long after the violation, so that the report shows what follows. */
const TAIL_SEC = 60

export interface ShrinkOptions {
    /** Runs a plan with the seed of the violation. */
    tryPlan: (plan: SimulationPlan) => Promise<Pick<RunResult, "violations">>
    /** Maximum number of runs. */
    triesMax: number
}

export interface ShrunkPlan {
    plan: SimulationPlan
    violation: Violation
    /** Number of plans that were tried. */
    tries: number
}

/** The search, with the smallest plan so far. */
class Shrinker {
    tries = 0

    constructor(
        public plan: SimulationPlan,
        public violation: Violation,
        private readonly options: ShrinkOptions
    ) {}

    get isExhausted(): boolean {
        return this.tries >= this.options.triesMax
    }

    /** Runs a smaller plan and keeps it if it breaks the same invariant. Returns whether it does. */
    async accept(candidate: SimulationPlan): Promise<boolean> {
        if (this.isExhausted) return false
        this.tries++
        const { violations } = await this.options.tryPlan(candidate)
        const sameViolation = violations.find(({ invariant }) => invariant === this.violation.invariant)
        if (!sameViolation) return false
        this.plan = candidate
        this.violation = sameViolation
        return true
    }

    /** Tries the board with the violation alone. If that does not fail, halves the boards as often as possible. */
    async reduceBoards(): Promise<void> {
        const only = [Number(this.violation.board.replace(/^\D+/, ""))]
        if (await this.accept(withBoards(this.plan, only))) return
        for (let numbers = numbersOf(this.plan); numbers.length > 1 && !this.isExhausted;) {
            const half = Math.ceil(numbers.length / 2)
            const halves = [numbers.slice(0, half), numbers.slice(half)]
            let smaller: number[] | undefined
            for (const candidate of halves)
                if (!smaller && (await this.accept(withBoards(this.plan, candidate)))) smaller = candidate
            if (!smaller) return
            numbers = smaller
        }
    }

    /** Removes smaller and smaller groups of events (delta debugging, Zeller's ddmin). */
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

    /** Ends the run soon after the violation. */
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
 * Returns the smallest plan found that breaks the same invariant as `violation`.
 */
export async function shrinkPlan(
    plan: SimulationPlan,
    violation: Violation,
    options: ShrinkOptions
): Promise<ShrunkPlan> {
    const shrinker = new Shrinker(plan, violation, options)
    await shrinker.reduceDuration()
    await shrinker.reduceBoards()
    await shrinker.reduceEvents()
    await shrinker.reduceDuration()
    return { plan: shrinker.plan, violation: shrinker.violation, tries: shrinker.tries }
}
