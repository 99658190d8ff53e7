// The result of a check: a status, one line of text and a cure.
import { CloudError } from "../azure/index.js"

export type CheckStatus =
    | "ok"
    /** Works for now, or matters only to some users. */
    | "warn"
    | "fail"
    /** Not checked. */
    | "skip"

/** One result of a check. The cure is the next step for the user. A status of "ok" has no cure. */
export interface CheckOutcome {
    status: CheckStatus
    what: string
    cure?: string
}

export interface Finding extends CheckOutcome {
    /** Name of the check, for example `TLS 8883`. */
    check: string
}

export const ok = (what: string): CheckOutcome => ({ status: "ok", what })
export const warn = (what: string, cure: string): CheckOutcome => ({ status: "warn", what, cure })
export const fail = (what: string, cure: string): CheckOutcome => ({ status: "fail", what, cure })
/** @param reason why the check was not run */
export const skip = (reason: string, cure?: string): CheckOutcome => ({ status: "skip", what: reason, cure })

const withoutFullStop = (sentence: string) => sentence.replace(/\.$/, "")

/**
 * Returns the outcome for a failed call to a service. The text contains no key.
 * @throws the error itself if it is not a CloudError or if the check was aborted
 */
export function failFromError(error: unknown, signal: AbortSignal): CheckOutcome {
    if (signal.aborted || !(error instanceof CloudError)) throw error
    return fail(withoutFullStop(error.problem), withoutFullStop(error.cure))
}

/** Returns the number of findings with each status. */
export function countByStatus(findings: Finding[]): Record<CheckStatus, number> {
    const counts = { ok: 0, warn: 0, fail: 0, skip: 0 }
    for (const { status } of findings) counts[status]++
    return counts
}
