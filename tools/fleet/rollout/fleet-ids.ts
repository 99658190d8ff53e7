// Reads the registration IDs of a fleet file for a roll-out, and writes the slots of a plan into the file.
import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import { boardNames } from "@moorage/vm"
import { rewriteColumns } from "../fleet-file.js"
import { readListedIds } from "../id-list.js"
import { FleetError } from "../input-issues.js"
import type { FileTransaction } from "@moorage/files"
import { idsSha256, type RolloutPlan } from "./rollout-plan-file.js"
import { isTight } from "./batch-slots.js"

export interface FleetIds {
    /** In lower case, in the order of the file. */
    ids: string[]
    /** Line of each ID. */
    lines: number[]
    /** See idsSha256(). */
    sha256: string
    /** Whether a board has the tight image. */
    hasTight: boolean
}

/** Called from time to time with the number of boards read or written. */
export type OnProgress = (boards: number) => void

const BOARDS_PER_PROGRESS = 10_000

export interface FleetIdsOptions {
    /** Profile of boards that have no profile in their line. */
    profile?: string
    onProgress?: OnProgress
    signal?: AbortSignal
}

/**
 * Reads the registration IDs and the profiles of a fleet file.
 * @throws FleetError with every issue; errors of the file system; the reason of the aborted signal
 */
export async function readFleetIds(file: string, options: FleetIdsOptions = {}): Promise<FleetIds> {
    const { profile, onProgress, signal } = options
    const ids: string[] = []
    const lines: number[] = []
    /** Line of the first board by profile. */
    const profiles = new Map<string | undefined, number>()
    const source = {
        input: createReadStream(file),
        name: file,
        column: "registrationId",
        isColumnRequired: true,
        extraColumn: "profile",
    }
    for await (const { id, line, extra: ownProfile } of readListedIds(source)) {
        ids.push(id)
        lines.push(line)
        const boardProfile = ownProfile ?? profile
        if (!profiles.has(boardProfile)) profiles.set(boardProfile, line)
        if (ids.length % BOARDS_PER_PROGRESS !== 0) continue
        signal?.throwIfAborted()
        onProgress?.(ids.length)
    }
    checkProfiles(file, profiles)
    return { ids, lines, sha256: idsSha256(ids), hasTight: [...profiles.keys()].some(isTight) }
}

/** Checks that every profile exists, because batches depend on the image of a board. @throws FleetError */
function checkProfiles(file: string, profiles: ReadonlyMap<string | undefined, number>): void {
    const known = boardNames()
    const issues = [...profiles]
        .filter(([profile]) => profile !== undefined && !known.includes(profile))
        .map(([profile, line]) => ({
            line,
            text: `unknown profile ${JSON.stringify(profile)} (allowed: ${known.join(", ")})`,
        }))
    if (issues.length > 0) throw new FleetError(file, issues)
}

export interface WriteSlotsOptions {
    /** The fleet file. */
    file: string
    /** Registration IDs of the file, as they were read for the plan. */
    ids: string[]
    plan: RolloutPlan
    onProgress?: OnProgress
    signal?: AbortSignal
}

const COLUMNS = ["slot", "slotSec", "fleetN", "fleetCps", "load", "wave", "batch"]

/**
 * Adds the fleet file with the columns of the plan to a transaction. The file keeps its mode, because it may contain keys.
 * @throws FleetError if the file was changed since it was read; errors of the file system; the reason of the aborted signal
 */
export async function writeSlots(
    transaction: FileTransaction,
    { file, ids, plan, onProgress, signal }: WriteSlotsOptions
): Promise<void> {
    const { slots, formula, batches } = plan
    const formulaValues = [slots.slotSec, formula.fleetN, formula.fleetCps, formula.load].map(String)
    let batch = 0
    let nextBatchStart = batches[0]?.boards ?? 0
    let firstBoard = 0
    const valuesOf = (id: string, index: number) => {
        if (id !== ids[index])
            throw new FleetError(file, [{ line: index + 2, text: "changed while the plan was made" }])
        if (index % BOARDS_PER_PROGRESS === 0) {
            signal?.throwIfAborted()
            onProgress?.(index)
        }
        if (index === nextBatchStart) {
            firstBoard = index
            nextBatchStart += batches[++batch]?.boards ?? 0
        }
        const slot = Math.floor((index - firstBoard) / slots.boardsPerSlot)
        return [String(slot), ...formulaValues, String(batches[batch]?.wave), String(batch + 1)]
    }
    const { mode } = await stat(file)
    await transaction.write(file, rewriteColumns(file, COLUMNS, valuesOf), { mode: mode & 0o777 })
}
