import { MoorageError, type MoorageErrorOptions } from "@moorage/errors"

/** Returns the error for options or arguments that are missing, invalid or contradictory. */
export function usageError(what: string, options?: MoorageErrorOptions): MoorageError {
    return new MoorageError("WRONG_USAGE", what, options)
}
