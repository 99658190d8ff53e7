// First registrations in slots: a new board sends nothing to DPS before its slot starts (R1).

import * as ds from "@devicescript/core"
import { random } from "../auth/crypto"
import { LogText } from "../contract/log-text"
import { slotMs } from "../retry/backoff"
import type { BoardSettings } from "./board-settings"
import { BoardStatus, setStatus } from "../status/board-status"
import { sleepFed } from "./supervisor"

let hasWaited = false

/** Waits for a random time within the slot of the board. The second call in a boot does nothing. */
export async function waitForSlot(config: BoardSettings): Promise<void> {
    if (hasWaited) return
    hasWaited = true
    const waitMs = slotMs(config.slot, config.slotSec, random()) - ds.millis()
    if (waitMs <= 0) return
    console.log(LogText.Slot + Math.round(waitMs / 1000) + " s")
    setStatus(BoardStatus.Waiting)
    await sleepFed(waitMs)
    setStatus(BoardStatus.Working)
}
