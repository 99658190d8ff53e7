// The difference between the two firmware images: how a board finds its hub after a power cut, and the optional parts
// of the full image.

import type { Message } from "../mqtt/mqtt-packet"
import type { Assignment } from "../store/record-format"
import type { BoardSettings } from "./board-settings"

/** The parts of an image. `moor` calls them. */
export interface Image {
    /** Name of the image, for the log line at boot. */
    name: string
    /** Returns the assignment that survived the power cut, or undefined if the board must register. Throws Fault. */
    recallAssignment: (config: BoardSettings) => Promise<Assignment | undefined>
    /** Stores the assignment of a stable session. */
    storeAssignment?: (config: BoardSettings, assignment: Assignment) => Promise<void>
    /**
     * Called once per boot. Returns whether the board boots in safe mode. Without this part, every crash leads to safe
     * mode. Throws Fault.
     * @param wasRestarted whether the runtime restarted the program after a crash
     */
    countCrash?: (wasRestarted: boolean) => Promise<boolean>
    /** Updates the status LED. Never returns. */
    runStatusLed?: () => Promise<void>
    /** Returns whether a user requested a new assignment at the board. Returns true once per request. */
    reprovisionRequested?: () => boolean
    /** Called when a session is open. Throws Fault. */
    onSessionOpen?: (config: BoardSettings, hub: Assignment) => Promise<void>
    /**
     * Called with each message that is neither a method call nor a reprovisioning message. Returns whether the message
     * requests a new assignment. Throws Fault.
     */
    onMessage?: (config: BoardSettings, message: Message) => Promise<boolean>
}
