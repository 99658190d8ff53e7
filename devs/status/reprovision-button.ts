// The button of the board: held for 5 s, it requests a new assignment. The status LED confirms with fast blinks.

import * as ds from "@devicescript/core"
import { BoardStatus, setStatus } from "./board-status"

/** Event of the button service: every 500 ms while the button is down, with the time in ms. */
const HOLD = 0x81
const HELD_MS = 5000
const REPEAT_MS = 500

const button = new ds.Button()
let isRequested = false

function onPacket(packet: ds.Packet): void {
    if (!packet || packet.eventCode !== HOLD) return
    const heldMs = packet.decode()
    if (heldMs < HELD_MS || heldMs >= HELD_MS + REPEAT_MS) return
    isRequested = true
    setStatus(BoardStatus.Working)
}

/** Returns whether the button was held for 5 s since the last call. */
export function reprovisionRequested(): boolean {
    const result = isRequested
    isRequested = false
    return result
}

;(button as any)._onPacket = onPacket
