// The status lamp, for a person at the board: the LED that the board's JSON names, through the runtime's control service.

import * as ds from "@devicescript/core"
import { BoardStatus, shown, wakeOnChange } from "./board-status"

/** Between the flashes of a waiting board. */
const DARK_MS = 9900
/** Dim: on some boards it is an RGB LED beside the USB socket. */
const ON = 20

/** Keeps the lamp, for ever. */
export async function runStatusLed(): Promise<void> {
    const control = new ds.Control("control[int:0]")
    let lit = false
    for (;;) {
        const light = shown
        lit = !lit || light === BoardStatus.Moored
        await control.setStatusLight(lit ? ON : 0, 0, 0, 0)
        // It may have changed while the command was on its way.
        if (shown !== light) continue
        wakeOnChange(ds.Fiber.self())
        await ds.suspend(lit || light !== BoardStatus.Waiting ? light : DARK_MS)
        wakeOnChange(undefined)
    }
}
