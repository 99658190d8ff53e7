// What tells the two firmware images apart: how a board finds its hub again after a power cut, and what it
// has beside the main path.

import type { Message } from "../mqtt/mqtt-packet"
import type { Assignment } from "../store/assignment-record"
import type { BoardSettings } from "./board-settings"

export interface Image {
    /** Name of the image, for the boot line and the twin. */
    name: string
    /** The assignment that outlived the power cut, or undefined when the board must register. Throws Fault. */
    recallAssignment: (config: BoardSettings) => Promise<Assignment | undefined>
    /** Keeps the assignment of a stable session. */
    storeAssignment?: (config: BoardSettings, assignment: Assignment) => Promise<void>
    /**
     * Called once a boot; whether the board is to be careful. Without it, each death makes it so.
     * @param restarted whether the program died and the runtime restarted it
     */
    countCrash?: (restarted: boolean) => Promise<boolean>
    /** Keeps the status lamp, for ever. */
    runStatusLed?: () => Promise<void>
    /** Whether the person at the board asks for a new assignment; true once. */
    reprovisionRequested?: () => boolean
    /** Called when a session is open. Throws Fault. */
    onSessionOpen?: (config: BoardSettings, hub: Assignment) => Promise<void>
    /** Called with what is no method and no message; whether it asks for a new assignment. Throws Fault. */
    onMessage?: (config: BoardSettings, message: Message) => Promise<boolean>
}
