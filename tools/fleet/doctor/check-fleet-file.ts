// The fleet file, as `moorage manufacture` would read it.
import { createReadStream } from "node:fs"
import { boardNames } from "@moorage/vm"
import { type FleetBoard, readFleet } from "../fleet-file.js"
import { FleetError } from "../input-issues.js"
import { fail, ok, type CheckOutcome, warn } from "./finding.js"

const MISTAKES_TOLD = 5

/** What is told of a file without boards that can be used. */
function refused(error: FleetError): CheckOutcome[] {
    const { issues: mistakes } = error
    const told = mistakes
        .slice(0, MISTAKES_TOLD)
        .map(({ line, text }) => fail(`line ${line}: ${text}`, "docs/reference/fleet-file.md has the form"))
    const more = mistakes.length - told.length
    if (more > 0) told.push(fail(`and ${more} mistakes more`, "Mend these first, then look again"))
    return told
}

/** @param hasGroupKey whether a board's key can be derived */
export function fleetOutcome(file: string, boards: FleetBoard[], hasGroupKey: boolean): CheckOutcome {
    const keyless = boards.filter(({ key }) => key === undefined).length
    if (keyless > 0 && !hasGroupKey)
        return warn(
            `${file}: ${keyless} of ${boards.length} boards have no key of their own`,
            "Give the group's key too: --group-key-file, or MOORAGE_GROUP_KEY"
        )
    return ok(`${file}: ${boards.length} boards`)
}

/** Stands for an ID scope that nobody has said. */
const ANY_SCOPE = "-"

/**
 * The boards of a file, and what is wrong with it. Profile and ID scope may be options of `manufacture`: that the file has
 * none is no mistake here.
 */
export async function readFleetFile(
    file: string,
    idScope: string | undefined,
    hasGroupKey: boolean
): Promise<{ boards: FleetBoard[]; outcomes: CheckOutcome[] }> {
    const profiles = boardNames()
    const defaults = { profiles, profile: profiles[0], settings: { ID_SCOPE: idScope ?? ANY_SCOPE } }
    try {
        const boards = await readFleet(createReadStream(file), file, defaults)
        for (const { settings } of boards) if (settings.ID_SCOPE === ANY_SCOPE) delete settings.ID_SCOPE
        return { boards, outcomes: [fleetOutcome(file, boards, hasGroupKey)] }
    } catch (error) {
        const outcomes =
            error instanceof FleetError
                ? refused(error)
                : [fail(`cannot read ${file}: ${(error as Error).message}`, "Check its name and its rights")]
        return { boards: [], outcomes }
    }
}
