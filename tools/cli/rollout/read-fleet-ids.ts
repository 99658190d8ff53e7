import { MoorageError } from "@moorage/errors"
import { FleetError } from "@moorage/fleet"
import { type FleetIds, readFleetIds } from "@moorage/fleet/rollout"
import { readError } from "../output-files.js"

export interface ReadFleetIdsOptions {
    /** Sentence that the error message appends to the errors in the file. */
    consequence: string
    /** Profile of the boards that have none in the file. */
    board?: string
    onRead?: (boards: number) => void
    signal: AbortSignal
}

/** Returns the boards of a fleet file. @throws MoorageError; the reason of the signal when it is aborted */
export async function loadFleetIds(
    fleet: string,
    { consequence, board, onRead, signal }: ReadFleetIdsOptions
): Promise<FleetIds> {
    try {
        return await readFleetIds(fleet, { profile: board, onProgress: onRead, signal })
    } catch (error) {
        if (signal.aborted) throw error
        if (error instanceof FleetError)
            throw new MoorageError(error.code, `${error.message}\n${consequence}`, { cause: error })
        throw readError(fleet, error)
    }
}
