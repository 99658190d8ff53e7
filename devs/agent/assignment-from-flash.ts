// The full image: the assignment is a record in flash; where flash has none, DPS may still know.

import { readRecord, writeRecord } from "../store/record-storage"
import type { Assignment } from "../store/assignment-record"
import type { BoardSettings } from "./board-settings"
import { recallByLookup } from "./assignment-from-lookup"
import { clearCrashCount } from "./crash-count"
import { waitForSlot } from "./slot-wait"

/** A write was lost: another one in this boot would leave a gap, for which the runtime formats at the next. */
let lost = false

/**
 * A board without a record is new, or its flash is worn: the lookup tells. It costs one request on the
 * connection that a new board needs for its clock anyway.
 */
export async function recallFromFlash(config: BoardSettings): Promise<Assignment | undefined> {
    if (!config.safeMode) {
        const kept = await readRecord(config.registrationId, config.owner)
        if (kept) return kept
    }
    await waitForSlot(config)
    return await recallByLookup(config)
}

export async function storeInFlash(config: BoardSettings, assignment: Assignment): Promise<void> {
    if (config.safeMode || lost) return
    const kept = await writeRecord(assignment, config.registrationId, config.owner)
    lost = !kept
    console.log(kept ? "record kept" : "record not kept: the next boot asks DPS")
    if (kept) await clearCrashCount()
}
