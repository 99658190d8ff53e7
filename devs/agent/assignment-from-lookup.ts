// The memory-tight image: DPS remembers, and is asked by status lookup. Flash is never written.

import { nowSec } from "../auth/wall-clock"
import { lookup } from "../dps/status-lookup"
import type { Assignment } from "../store/assignment-record"
import type { BoardSettings } from "./board-settings"

export async function recallByLookup(config: BoardSettings): Promise<Assignment | undefined> {
    const answer = await lookup(config)
    if (answer.status !== "assigned") return undefined
    return { hub: answer.hub, deviceId: answer.deviceId, expirySec: nowSec() + config.tokenSec }
}
