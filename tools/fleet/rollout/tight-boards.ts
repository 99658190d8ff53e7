// A board with the tight image keeps no hub: at every power-on it first asks DPS for its status, new or not, before it
// waits for its slot. Slots do not spread that; batches do.
import { loadBoardProfile } from "@moorage/vm"
import type { Limits } from "./batch-slots.js"

const MINUTE_SEC = 60

/** Whether boards of that profile have the tight image. @throws VmError for one that there is not */
export function isTight(profile: string | undefined): boolean {
    return profile !== undefined && loadBoardProfile(profile).image === "maintight"
}

/** How many tight boards may be powered on together: what DPS takes of lookups in a minute (facts 4), of it the load. */
export function maxConcurrentTightBoards({ registrations: { calls, perSec }, load }: Limits): number {
    return Math.max(1, Math.floor(Math.min(calls, (calls / perSec) * MINUTE_SEC) * load + 1e-9))
}
