// The full image stores its assignment in flash. Without a valid record it asks DPS.

import { LogText } from "../contract/log-text"
import { readRecordText, writeRecord } from "../store/record-storage"
import { type Assignment, parseRecord } from "../store/record-format"
import type { BoardSettings } from "./board-settings"
import { recallByLookup } from "./assignment-from-lookup"
import { clearCrashCount } from "./crash-count"
import { waitForSlot } from "./slot-wait"

/**
 * Whether a write failed in this boot. Another write would leave a gap in flash, and the runtime formats a flash with a
 * gap at the next boot (runtime-facts.md, D2).
 */
let writeFailed = false

/**
 * Returns the stored assignment, or undefined if flash has no record: the board is then new and registers. A record
 * that is damaged or of another owner leads to a status lookup. Throws Fault.
 */
export async function recallFromFlash(config: BoardSettings): Promise<Assignment | undefined> {
    if (!config.safeMode) {
        const text = await readRecordText()
        const stored = parseRecord(text, config.registrationId, config.owner)
        if (stored) return stored
        if (!text) return undefined
    }
    await waitForSlot(config)
    return await recallByLookup(config)
}

/** Stores the assignment and then clears the crash count. Throws Fault. */
export async function storeInFlash(config: BoardSettings, assignment: Assignment): Promise<void> {
    if (config.safeMode || writeFailed) return
    const stored = await writeRecord(assignment, config.registrationId, config.owner)
    writeFailed = !stored
    console.log(stored ? LogText.Stored : "record not stored: the next boot asks DPS")
    if (stored) await clearCrashCount()
}
