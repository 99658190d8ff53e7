// What tells the two firmware images apart: how a board finds its hub again after a power cut.

import type { Assignment } from "../store/record"
import type { Config } from "./config"

export interface Memory {
    /** Name of the image, for the boot line and the twin. */
    image: string
    /** The assignment that outlived the power cut, or undefined when the board must register. Throws Fault. */
    recall: (config: Config) => Promise<Assignment | undefined>
    /** Keeps the assignment of a stable session. */
    remember: (config: Config, assignment: Assignment) => Promise<void>
}
