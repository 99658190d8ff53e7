// Runs checks one after another, each within its time; one whose ground is missing is skipped, with why.
import type { Clock } from "@moorage/runtime"
import { fail, type Finding, type CheckOutcome, skip, type CheckStatus } from "./finding.js"

/** The check took too long. */
class LateError extends Error {}

export interface CheckRunnerOptions {
    clock: Clock
    /** For each check. */
    timeoutSec: number
    signal?: AbortSignal
    /** Told before a check begins that may take its time. */
    onCheck?: (name: string) => void
}

export interface DoctorCheck {
    name: string
    /** Names of the checks without which this one makes no sense. One that was never run is missing too. */
    needs?: string[]
    /** What to do when it takes too long. */
    timeoutCure?: string
    /** @param signal aborted when its time is over */
    run: (signal: AbortSignal) => Promise<CheckOutcome | CheckOutcome[]> | CheckOutcome | CheckOutcome[]
}

const WORDS: Record<CheckStatus, string> = {
    ok: "is right",
    warn: "warns",
    fail: "failed",
    skip: "was skipped",
}

/** The worst of a check's outcomes: what those that need it go by. */
function worst(outcomes: CheckOutcome[]): CheckStatus {
    const order: CheckStatus[] = ["fail", "skip", "warn", "ok"]
    return order.find(status => outcomes.some(outcome => outcome.status === status)) ?? "ok"
}

export class CheckRunner {
    private readonly statuses = new Map<string, CheckStatus>()

    constructor(private readonly options: CheckRunnerOptions) {}

    /** @throws what the signal was aborted with, and errors that no check expects */
    async run({ name, needs = [], timeoutCure: lateCure, run }: DoctorCheck): Promise<Finding[]> {
        this.options.signal?.throwIfAborted()
        const missing = needs.find(need => !this.holds(need))
        const found =
            missing === undefined
                ? await this.inTime(name, run, lateCure)
                : skip(`${missing} ${WORDS[this.statuses.get(missing) ?? "skip"]}`)
        const outcomes = Array.isArray(found) ? found : [found]
        this.statuses.set(name, worst(outcomes))
        return outcomes.map(outcome => ({ check: name, ...outcome }))
    }

    private holds(name: string): boolean {
        const status = this.statuses.get(name)
        return status === "ok" || status === "warn"
    }

    private async inTime(
        name: string,
        run: DoctorCheck["run"],
        lateCure = "Try again, or give it more time with --timeout"
    ): Promise<CheckOutcome | CheckOutcome[]> {
        const { clock, timeoutSec, signal, onCheck } = this.options
        const abort = new AbortController()
        const stop = () => abort.abort(signal?.reason)
        const timer = clock.after(timeoutSec * 1000, () => abort.abort(new LateError()))
        signal?.addEventListener("abort", stop, { once: true })
        onCheck?.(name)
        try {
            // A check may be deaf to the signal, as a look-up of a name is.
            return await Promise.race([run(abort.signal), aborted(abort.signal)])
        } catch (error) {
            if (abort.signal.aborted && abort.signal.reason instanceof LateError)
                return fail(`no answer within ${timeoutSec} s`, lateCure)
            throw error
        } finally {
            timer.cancel()
            signal?.removeEventListener("abort", stop)
        }
    }
}

/** Fails when the signal is aborted, with its reason. */
function aborted(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true })
    )
}
