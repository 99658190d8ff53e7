import { FleetError } from "@moorage/fleet"
import { type FleetIds, readFleetIds } from "@moorage/fleet/rollout"
import { UserError, WRONG_USAGE } from "../user-error.js"
import { ioError } from "../output-files.js"

/**
 * The boards of a fleet file.
 * @param after what follows from mistakes in it
 * @param profile of boards whose line has none
 * @throws UserError; what the signal was aborted with
 */
export async function fleetIds(
    fleet: string,
    after: string,
    onRead: ((boards: number) => void) | undefined,
    signal: AbortSignal,
    profile?: string
): Promise<FleetIds> {
    try {
        return await readFleetIds(fleet, onRead, signal, profile)
    } catch (error) {
        if (signal.aborted) throw error
        if (error instanceof FleetError)
            throw new UserError(`${error.message}\n${after}`, WRONG_USAGE, { cause: error })
        throw ioError("read", fleet, error)
    }
}
