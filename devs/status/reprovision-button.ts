// The board's button: held for 5 s, it asks for a new assignment. The light answers at once, by blinking fast.

import * as ds from "@devicescript/core"
import { BoardStatus, setStatus } from "./board-status"

/** Event of the button service, each 500 ms of a press, with its length in ms. */
const HOLD = 0x81
const HELD_MS = 5000
const REPEAT_MS = 500

const button = new ds.Button()
let held = false

function onPacket(packet: ds.Packet): void {
    if (!packet || packet.eventCode !== HOLD) return
    const heldMs = packet.decode()
    if (heldMs < HELD_MS || heldMs >= HELD_MS + REPEAT_MS) return
    held = true
    setStatus(BoardStatus.Working)
}

/** Whether the button was held since this was asked last. */
export function reprovisionRequested(): boolean {
    const asked = held
    held = false
    return asked
}

;(button as any)._onPacket = onPacket
