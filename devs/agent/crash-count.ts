// Deaths in a row, in the full image. Flash is written only after a death, and when a boot ends the count: a board
// that lives never writes it. A runtime that aborts looks like a power cut from here, and is not counted.

import { readSetting, writeSetting } from "../store/settings-store"

const KEY = "deaths"
/** So many since the last boot that held, and the board leaves away what it can do without. */
const DEATHS_MAX = 3

let toEnd = false

/** Counts a restart; whether the board is to be careful. A boot itself is never careful. Throws Fault. */
export async function countCrash(restarted: boolean): Promise<boolean> {
    const before = await readSetting(KEY, 0)
    toEnd = !restarted && before > 0
    if (!restarted) return false
    const deaths = Math.min(DEATHS_MAX, before + 1)
    if (deaths !== before) await writeSetting(KEY, deaths)
    return deaths >= DEATHS_MAX
}

/** Ends the count when a boot has held: not sooner, since power that just came may go again. Throws Fault. */
export async function clearCrashCount(): Promise<void> {
    if (toEnd) await writeSetting(KEY, 0)
    toEnd = false
}
