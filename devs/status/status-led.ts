// The status LED: the LED that the board definition names, through the control service of the runtime.

import * as ds from "@devicescript/core"
import { BoardStatus, shown, wakeOnChange } from "./board-status"

/** Time between the flashes of a waiting board. */
const DARK_MS = 9900
/** Dim, because some boards have a bright RGB LED. */
const ON = 20

/** Updates the LED with the status of the board. Never returns. */
export async function runStatusLed(): Promise<void> {
    const control = new ds.Control("control[int:0]")
    let lit = false
    for (;;) {
        const status = shown
        lit = !lit || status === BoardStatus.Moored
        await control.setStatusLight(lit ? ON : 0, 0, 0, 0)
        // The status may have changed during the command.
        if (shown !== status) continue
        wakeOnChange(ds.Fiber.self())
        await ds.suspend(lit || status !== BoardStatus.Waiting ? status : DARK_MS)
        wakeOnChange(undefined)
    }
}
