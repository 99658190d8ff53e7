// Deaths in a row, in the full image. Flash is written only after a death, and when a boot ends the count: a board
// that lives never writes it. A runtime that aborts looks like a power cut from here, and is not counted.

import { readSetting, writeSetting } from "../store/settings"

const KEY = "deaths"
/** So many since the last boot, and the board leaves away what it can do without. */
const DEATHS_MAX = 3

/** Counts a restart, or ends the count at a boot; whether the board is to be careful. Throws Fault. */
export async function countRestarts(restarted: boolean): Promise<boolean> {
    const before = await readSetting(KEY, 0)
    const deaths = restarted ? Math.min(DEATHS_MAX, before + 1) : 0
    if (deaths !== before) await writeSetting(KEY, deaths)
    return deaths >= DEATHS_MAX
}
