// Invariants for the time after the last fault, and for the end of a run.
import { CRASHES_MAX } from "@moorage/device/shared"
import type { FlashRecord } from "../world/simulated-board.js"
import type { BoardObserver } from "./board-observer.js"
import type { Invariant } from "./invariant.js"

/** After a session is stable, the record is written and read back within this time. */
const RECORD_WRITE_MAX_MS = 10_000

/** What the cloud and the flash of a board contain at the end of a run. */
export interface EndState {
    /** Hub that the registry of DPS has for the board. */
    assignedHub: string | undefined
    /** Hubs that have a session of the board. */
    sessions: string[]
    flashRecord: FlashRecord
    /** Age of the session in ms; 0 without a session. */
    heldMs: number
}

export const AGREE_INVARIANT: Invariant = {
    id: "agree",
    sentence: "At the end, the registry of DPS, the sessions of the hubs and the record of the board agree.",
    source: "R11, R28",
}

/** Checks the end state of a board that has power and its program. Returns what is wrong, or undefined. */
export function checkEndState(end: EndState, { sim, stableMs }: BoardObserver): string | undefined {
    const { assignedHub, sessions, flashRecord, heldMs } = end
    if (sessions.length > 1) return `sessions at ${sessions.join(" and ")}`
    const [hub] = sessions
    if (hub === undefined) return undefined
    if (assignedHub !== undefined && hub !== assignedHub)
        return `moored at ${hub}, assigned to ${assignedHub}`
    const canStore = sim.storesRecord && !sim.hadFlashFailure && flashRecord.crashes < CRASHES_MAX
    const mustBeStored = canStore && heldMs > stableMs + RECORD_WRITE_MAX_MS
    return mustBeStored && flashRecord.assignment?.hub !== hub
        ? `moored at ${hub}, the record says ${String(flashRecord.assignment?.hub)}`
        : undefined
}

export const PROMISED_INVARIANT: Invariant = {
    id: "promised",
    sentence: "A board that answers 202 to Reprovision registers.",
    source: "R29, R30",
}

export const MOORED_INVARIANT: Invariant = {
    id: "moored",
    sentence: "Every board is moored within a time limit after the end of the last fault.",
    source: "R15",
}
