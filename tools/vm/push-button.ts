// A push button on the bus of the board. On a chip the board itself has the button service, as its board.json says. The
// VM has no such service, so the button is a separate device. The role in the program works with both.
import type { Clock } from "@moorage/runtime"
import { announceFrame, eventFrame } from "./runtime/jacdac-frame.js"

const DEVICE_ID = "fb00000000000001"
/** SRV_BUTTON. */
const BUTTON = 0x1473a263
const EVENT = { down: 0x01, up: 0x02, hold: 0x81 } as const
/** Period in which a device announces itself and a pressed button sends its hold event. */
const PERIOD_MS = 500

function durationPayload(ms: number): Uint8Array {
    const payload = Buffer.alloc(4)
    payload.writeUInt32LE(ms, 0)
    return payload
}

/** Presses the button and releases it after `heldMs`. @param send puts a frame on the bus */
export function pressButton(clock: Clock, heldMs: number, send: (frame: Uint8Array) => void): void {
    let count = 0
    const sendEvent = (code: number, payload: Uint8Array) =>
        send(eventFrame({ deviceId: DEVICE_ID, service: 1, code, count: count++, payload }))
    const step = (atMs: number) => {
        send(announceFrame(DEVICE_ID, [BUTTON]))
        if (atMs > heldMs) return sendEvent(EVENT.up, durationPayload(heldMs))
        if (atMs === 0) sendEvent(EVENT.down, new Uint8Array())
        else sendEvent(EVENT.hold, durationPayload(atMs))
        clock.after(PERIOD_MS, () => step(atMs + PERIOD_MS))
    }
    step(0)
}
