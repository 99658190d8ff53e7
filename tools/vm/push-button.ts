// A push button on the board's bus. On a chip the button service is the board's own, named in its board.json; this
// VM has none, so the button is a device of its own: to the program's role there is no difference.
import type { Clock } from "@moorage/runtime"
import { announceFrame, eventFrame } from "./runtime/jacdac-frame.js"

const DEVICE_ID = "fb00000000000001"
/** SRV_BUTTON. */
const BUTTON = 0x1473a263
const EVENT = { down: 0x01, up: 0x02, hold: 0x81 } as const
/** A device announces itself, and a held button reports, at this period. */
const PERIOD_MS = 500

function pressed(ms: number): Uint8Array {
    const payload = Buffer.alloc(4)
    payload.writeUInt32LE(ms, 0)
    return payload
}

/** Presses the button and lets go after `heldMs`; `send` puts a frame on the bus. */
export function pressButton(clock: Clock, heldMs: number, send: (frame: Uint8Array) => void): void {
    let count = 0
    const event = (code: number, payload: Uint8Array) =>
        send(eventFrame(DEVICE_ID, 1, code, count++, payload))
    const hold = (atMs: number) => {
        send(announceFrame(DEVICE_ID, [BUTTON]))
        if (atMs > heldMs) return event(EVENT.up, pressed(heldMs))
        if (atMs === 0) event(EVENT.down, new Uint8Array())
        else event(EVENT.hold, pressed(atMs))
        clock.after(PERIOD_MS, () => hold(atMs + PERIOD_MS))
    }
    hold(0)
}
