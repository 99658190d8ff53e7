// Checks the fleet file in the same way as `moorage manufacture` reads it.
import { createReadStream } from "node:fs"
import { boardNames } from "@moorage/vm"
import { type FleetBoard, readFleet } from "../fleet-file.js"
import { FleetError } from "../input-issues.js"
import { type CheckOutcome, fail, ok, warn } from "./finding.js"

const ISSUES_SHOWN = 5

/** Returns the first issues of a file that cannot be used, and the number of further issues. */
function issueOutcomes({ issues }: FleetError): CheckOutcome[] {
    const outcomes = issues
        .slice(0, ISSUES_SHOWN)
        .map(({ line, text }) =>
            fail(`line ${line}: ${text}`, "See docs/reference/fleet-file.md for the format")
        )
    const more = issues.length - outcomes.length
    if (more > 0)
        outcomes.push(fail(`${more} more issues in the file`, "Fix the first issues, then check again"))
    return outcomes
}

/** @param hasGroupKey whether the keys of boards can be derived */
function fleetOutcome(file: string, boards: FleetBoard[], hasGroupKey: boolean): CheckOutcome {
    const keyless = boards.filter(({ key }) => key === undefined).length
    if (keyless > 0 && !hasGroupKey)
        return warn(
            `${file}: ${keyless} of ${boards.length} boards have no key in the file`,
            "Add the group key with --group-key-file or MOORAGE_GROUP_KEY"
        )
    return ok(`${file}: ${boards.length} boards`)
}

/** Stands for an unknown ID scope. */
const PLACEHOLDER_SCOPE = "-"

export interface FleetFileOptions {
    idScope: string | undefined
    /** Whether the keys of boards can be derived. */
    hasGroupKey: boolean
}

/**
 * Returns the boards of a file and the outcomes of its check. A missing profile or ID scope is accepted, because both can be
 * options of `manufacture`.
 */
export async function readFleetFile(
    file: string,
    { idScope, hasGroupKey }: FleetFileOptions
): Promise<{ boards: FleetBoard[]; outcomes: CheckOutcome[] }> {
    const profiles = boardNames()
    const settings = { ID_SCOPE: idScope ?? PLACEHOLDER_SCOPE }
    try {
        const boards = await readFleet(createReadStream(file), file, {
            profiles,
            profile: profiles[0],
            settings,
        })
        for (const board of boards)
            if (board.settings.ID_SCOPE === PLACEHOLDER_SCOPE) delete board.settings.ID_SCOPE
        return { boards, outcomes: [fleetOutcome(file, boards, hasGroupKey)] }
    } catch (error) {
        const outcomes =
            error instanceof FleetError
                ? issueOutcomes(error)
                : [
                      fail(
                          `cannot read ${file}: ${(error as Error).message}`,
                          "Check its name and its permissions"
                      ),
                  ]
        return { boards: [], outcomes }
    }
}
