// Checks the options of `moorage rollout plan` before any file is read.
import { realpathSync } from "node:fs"
import { resolve } from "node:path"
import { boardNames } from "@moorage/vm"
import { usageError } from "../../usage-error.js"

interface PlanFiles {
    out?: string
    report?: string
}

/** Returns the default plan file: `fleet.rollout.json` for `fleet.csv`. */
export const defaultPlanFile = (fleet: string) => `${fleet.replace(/\.csv$/i, "")}.rollout.json`

function resolvedPath(file: string): string {
    try {
        return realpathSync(file)
    } catch {
        return resolve(file)
    }
}

/** Checks that no output file overwrites another file. @throws MoorageError WRONG_USAGE */
function checkFiles(fleet: string, { out = defaultPlanFile(fleet), report }: PlanFiles): void {
    const files = [fleet, out, ...(report === undefined ? [] : [report])]
    if (new Set(files.map(resolvedPath)).size < files.length)
        throw usageError("The fleet file, --out and --report must be different files.")
}

function checkBoard(board: string | undefined): void {
    const known = boardNames()
    if (board !== undefined && !known.includes(board))
        throw usageError(`Unknown board profile ${board} (known: ${known.join(", ")}).`)
}

/** Checks the options. @throws MoorageError WRONG_USAGE */
export function checkPlanOptions(fleet: string, { board, ...files }: PlanFiles & { board?: string }): void {
    checkFiles(fleet, files)
    checkBoard(board)
}
