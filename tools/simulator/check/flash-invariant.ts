// The invariant for writes to flash.
import type { FlashRecord } from "../world/simulated-board.js"
import type { BoardObserver } from "./board-observer.js"
import { formatSeconds, type Invariant, TOLERANCE_MS } from "./invariant.js"

/** A stored assignment is written again when its expiry has moved by this much. */
const RECORD_RENEWAL_SEC = 60 * 86_400

export const FLASH_NEED_INVARIANT: Invariant = {
    id: "flash-need",
    sentence:
        "A full image writes flash only in a stable session, for a new assignment or an expiry 60 days later, or " +
        "to count a crash. The tight image never writes flash.",
    source: "R11, runtime-facts.md, D2",
}

/** Contents of flash around a write, and the time of the write. */
export interface FlashWrite {
    before: FlashRecord
    after: FlashRecord
    /** Since the run began. */
    ms: number
}

/** Checks a write to the flash of a board. Returns what is wrong, or undefined. */
export function checkFlashWrite(
    observer: BoardObserver,
    { before, after, ms }: FlashWrite
): string | undefined {
    if (!observer.sim.storesRecord) return "the tight image wrote flash"
    if (before.text === after.text) return undefined
    const heldMs = ms - (observer.mooredMs ?? ms)
    if (heldMs + TOLERANCE_MS < observer.stableMs)
        return `wrote the record in a session of ${formatSeconds(heldMs)}`
    const old = before.assignment
    const written = after.assignment
    // A record takes two settings. It is complete after the second one.
    if (!old || !written || old.hub !== written.hub || old.deviceId !== written.deviceId) return undefined
    const gainedSec = written.expirySec - old.expirySec
    return gainedSec >= 0 && gainedSec < RECORD_RENEWAL_SEC
        ? `wrote the same assignment again, ${gainedSec} s later`
        : undefined
}
