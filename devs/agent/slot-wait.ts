// Staggered first boots: a new board waits for its slot before it first asks DPS for anything (seed, "Device
// deployment using a staggered provisioning schedule").

import * as ds from "@devicescript/core"
import { random } from "../auth/crypto"
import { slotMs } from "../retry/backoff"
import type { BoardSettings } from "./board-settings"
import { BoardStatus, setStatus } from "../status/board-status"
import { sleepFed } from "./supervisor"

let waited = false

/** Waits for the board's slot, once a boot. */
export async function waitForSlot(config: BoardSettings): Promise<void> {
    if (waited) return
    waited = true
    const waitMs = slotMs(config.slot, config.slotSec, random()) - ds.millis()
    if (waitMs <= 0) return
    console.log("new: slot in " + Math.round(waitMs / 1000) + " s")
    setStatus(BoardStatus.Waiting)
    await sleepFed(waitMs)
    setStatus(BoardStatus.Working)
}
