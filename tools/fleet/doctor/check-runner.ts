// Runs checks one after another, each with a time limit. A check is skipped, with the reason, when a prerequisite failed.
import type { Clock } from "@moorage/runtime"
import { type CheckOutcome, type CheckStatus, fail, type Finding, skip } from "./finding.js"

/** The check exceeded its time limit. */
class CheckTimeoutError extends Error {}

export interface CheckRunnerOptions {
    clock: Clock
    /** Time limit of each check. */
    timeoutSec: number
    signal?: AbortSignal
    /** Called before each check that is not skipped. */
    onCheck?: (name: string) => void
}

export interface DoctorCheck {
    name: string
    /** Names of the prerequisites. A prerequisite that never ran counts as failed. */
    needs?: string[]
    /** Cure if the check exceeds its time limit. */
    timeoutCure?: string
    /** @param signal aborted at the time limit */
    run: (signal: AbortSignal) => Promise<CheckOutcome | CheckOutcome[]> | CheckOutcome | CheckOutcome[]
}

const STATUS_TEXTS: Record<CheckStatus, string> = {
    ok: "succeeded",
    warn: "has a warning",
    fail: "failed",
    skip: "was skipped",
}

const WORST_FIRST: CheckStatus[] = ["fail", "skip", "warn", "ok"]
const DEFAULT_TIMEOUT_CURE = "Try again, or allow more time with --timeout"

/** Returns the worst status of a check's outcomes. */
function worstStatus(outcomes: CheckOutcome[]): CheckStatus {
    return WORST_FIRST.find(status => outcomes.some(outcome => outcome.status === status)) ?? "ok"
}

export class CheckRunner {
    private readonly statuses = new Map<string, CheckStatus>()

    constructor(private readonly options: CheckRunnerOptions) {}

    /** Runs or skips a check. @throws the reason of the aborted signal, and errors that the check does not expect */
    async run(check: DoctorCheck): Promise<Finding[]> {
        const { name, needs = [] } = check
        this.options.signal?.throwIfAborted()
        const failedPrerequisite = needs.find(need => !this.hasSucceeded(need))
        const result =
            failedPrerequisite === undefined
                ? await this.runWithTimeout(check)
                : skip(
                      `${failedPrerequisite} ${STATUS_TEXTS[this.statuses.get(failedPrerequisite) ?? "skip"]}`
                  )
        const outcomes = Array.isArray(result) ? result : [result]
        this.statuses.set(name, worstStatus(outcomes))
        return outcomes.map(outcome => ({ check: name, ...outcome }))
    }

    private hasSucceeded(name: string): boolean {
        const status = this.statuses.get(name)
        return status === "ok" || status === "warn"
    }

    private async runWithTimeout({
        name,
        run,
        timeoutCure = DEFAULT_TIMEOUT_CURE,
    }: DoctorCheck): Promise<CheckOutcome | CheckOutcome[]> {
        const { clock, timeoutSec, signal, onCheck } = this.options
        const abort = new AbortController()
        const forwardAbort = () => abort.abort(signal?.reason)
        const timer = clock.after(timeoutSec * 1000, () => abort.abort(new CheckTimeoutError()))
        signal?.addEventListener("abort", forwardAbort, { once: true })
        onCheck?.(name)
        try {
            // Some checks cannot be aborted, for example a DNS lookup.
            return await Promise.race([run(abort.signal), rejectOnAbort(abort.signal)])
        } catch (error) {
            if (abort.signal.aborted && abort.signal.reason instanceof CheckTimeoutError)
                return fail(`no answer within ${timeoutSec} s`, timeoutCure)
            throw error
        } finally {
            timer.cancel()
            signal?.removeEventListener("abort", forwardAbort)
        }
    }
}

/** Rejects with the reason of the signal when it is aborted. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true })
    )
}
