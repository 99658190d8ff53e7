// The status light, for a person at the board.

import * as ds from "@devicescript/core"
import { feed, rebootIfPlanned } from "./supervisor"

const HALF_MS = 1000
/** Blinks between two log lines. */
const LINE_BLINKS = 30

/** Blinks slowly and says which setting is wrong, for ever: a reset would not mend it. */
export async function blinkForever(setting: string): Promise<void> {
    const control = new ds.Control("control[int:0]")
    for (let blink = 0; ; blink++) {
        if (blink % LINE_BLINKS === 0) console.log("setting " + setting + " is missing or malformed")
        feed()
        rebootIfPlanned()
        await control.setStatusLight(20, 0, 0, 0)
        await ds.sleep(HALF_MS)
        await control.setStatusLight(0, 0, 0, 0)
        await ds.sleep(HALF_MS)
    }
}
