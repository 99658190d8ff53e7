// The number of consecutive crashes, in the full image. Flash is written only after a crash and when a stable session
// clears the count. A board that never crashes never writes the count. An abort of the runtime looks like a power cut to the
// program and is not counted.

import { CRASHES_MAX, FlashKey } from "../contract/flash-keys"
import { readSetting, writeSetting } from "../store/settings-store"

let mustClear = false

/**
 * Counts a restart. Returns whether the board starts in safe mode, which is never the case after power-on. Throws Fault.
 * @param wasRestarted whether the runtime restarted the program after a crash
 */
export async function countCrash(wasRestarted: boolean): Promise<boolean> {
    const before = await readSetting(FlashKey.Crashes, 0)
    mustClear = !wasRestarted && before > 0
    if (!wasRestarted) return false
    const crashes = Math.min(CRASHES_MAX, before + 1)
    if (crashes !== before) await writeSetting(FlashKey.Crashes, crashes)
    return crashes >= CRASHES_MAX
}

/** Clears the count after a stable session, not at power-on, because the power may fail again soon. Throws Fault. */
export async function clearCrashCount(): Promise<void> {
    if (mustClear) await writeSetting(FlashKey.Crashes, 0)
    mustClear = false
}
