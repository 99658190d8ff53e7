import { CloudError } from "../azure/index.js"
import { fail, type CheckOutcome } from "./finding.js"

/** A call that failed, as a finding; the message holds no key. @throws what is no failed call, and all after an abort */
export function failed(error: unknown, signal: AbortSignal): CheckOutcome {
    if (signal.aborted || !(error instanceof CloudError)) throw error
    return fail(error.what.replace(/\.$/, ""), (error.cure ?? "Try again").replace(/\.$/, ""))
}
