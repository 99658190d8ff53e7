// What a check finds: one line, and its cure.
import { CloudError } from "../azure/index.js"

export type CheckStatus = "ok" | "warn" | "fail" | "skip"

/** What a check says. A cure is what to do next; a thing that is right has none. */
export interface CheckOutcome {
    status: CheckStatus
    what: string
    cure?: string
}

export interface Finding extends CheckOutcome {
    /** The check's name, such as `TLS 8883`. */
    check: string
}

export const ok = (what: string): CheckOutcome => ({ status: "ok", what })
/** Something that works for now, or that only some need. */
export const warn = (what: string, cure: string): CheckOutcome => ({ status: "warn", what, cure })
export const fail = (what: string, cure: string): CheckOutcome => ({ status: "fail", what, cure })
/** Not looked at. @param why what was missing for it */
export const skip = (why: string, cure?: string): CheckOutcome => ({ status: "skip", what: why, cure })

/** How many there are of each. */
export function countByStatus(findings: Finding[]): Record<CheckStatus, number> {
    const counts = { ok: 0, warn: 0, fail: 0, skip: 0 }
    for (const { status } of findings) counts[status]++
    return counts
}

/** A call that failed, as a finding; the message holds no key. @throws what is no failed call, and all after an abort */
export function failFromError(error: unknown, signal: AbortSignal): CheckOutcome {
    if (signal.aborted || !(error instanceof CloudError)) throw error
    return fail(error.problem.replace(/\.$/, ""), (error.cure ?? "Try again").replace(/\.$/, ""))
}
