import { MoorageError, type MoorageErrorOptions } from "@moorage/errors"

/** A development board cannot be set up with the given options. The message is for the user. */
export class DevBoardError extends MoorageError {
    constructor(message: string, options?: MoorageErrorOptions) {
        super("BOARD_SETUP_FAILED", message, options)
    }
}
