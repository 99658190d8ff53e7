// The tight image never writes flash. It asks DPS for its assignment by status lookup.

import { nowSec } from "../auth/wall-clock"
import { lookup } from "../dps/status-lookup"
import type { Assignment } from "../store/record-format"
import type { BoardSettings } from "./board-settings"

/** Returns the assignment that DPS has for this board, or undefined if the board must register. Throws Fault. */
export async function recallByLookup(config: BoardSettings): Promise<Assignment | undefined> {
    const answer = await lookup(config)
    if (answer.status !== "assigned") return undefined
    return { hub: answer.hub, deviceId: answer.deviceId, expirySec: nowSec() + config.tokenSec }
}
