// What is wrong with the options of `moorage rollout plan` before anything is read.
import { realpathSync } from "node:fs"
import { resolve } from "node:path"
import { boardNames } from "@moorage/vm"
import { UserError, WRONG_USAGE } from "../user-error.js"

interface PlanFiles {
    out?: string
    report?: string
}

/** `fleet.rollout.json`, beside the fleet file. */
export const planFile = (fleet: string) => `${fleet.replace(/\.csv$/i, "")}.rollout.json`

function placeOf(file: string): string {
    try {
        return realpathSync(file)
    } catch {
        return resolve(file)
    }
}

/** @throws UserError when one would be written over another */
function checkFiles(fleet: string, { out = planFile(fleet), report }: PlanFiles): void {
    const files = [fleet, out, ...(report === undefined ? [] : [report])]
    if (new Set(files.map(placeOf)).size < files.length)
        throw new UserError("The fleet file, --out and --report are files of their own.", WRONG_USAGE)
}

/** @throws UserError */
function checkBoard(board: string | undefined): void {
    const known = boardNames()
    if (board !== undefined && !known.includes(board))
        throw new UserError(`Unknown board profile ${board} (known: ${known.join(", ")}).`, WRONG_USAGE)
}

/** @throws UserError */
export function checkPlan(fleet: string, { board, ...files }: PlanFiles & { board?: string }): void {
    checkFiles(fleet, files)
    checkBoard(board)
}
