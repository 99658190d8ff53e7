// The status LED: the LED that the board definition names, through the control service of the runtime.

import * as ds from "@devicescript/core"
import { BoardStatus, currentStatus, wakeOnChange } from "./board-status"

/** Time between the blinks of a waiting board. */
const OFF_MS = 9900
/** Brightness of the LED, 0 to 255. The value is low, because some boards have a bright RGB LED. */
const ON = 20

/** Updates the LED with the status of the board. Never returns. */
export async function runStatusLed(): Promise<void> {
    const control = new ds.Control("control[int:0]")
    let isOn = false
    for (;;) {
        const status = currentStatus
        isOn = !isOn || status === BoardStatus.Moored
        await control.setStatusLight(isOn ? ON : 0, 0, 0, 0)
        // The status may have changed during the command.
        if (currentStatus !== status) continue
        wakeOnChange(ds.Fiber.self())
        await ds.suspend(isOn || status !== BoardStatus.Waiting ? status : OFF_MS)
        wakeOnChange(undefined)
    }
}
