// The boards of a fleet file as a roll-out needs them: who, on which line, in which order.
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
    /** In the file's order, in lower case. */
    ids: string[]
    /** Where each stands. */
    lines: number[]
    sha256: string
    /** Whether there are boards with the tight image. */
    hasTight: boolean
}

/** How far it is, now and then. */
export type OnRead = (boards: number) => void

const TELL_EACH = 10_000

/**
 * @param profile of boards whose line has none
 * @throws FleetError with every mistake; what the file system throws; what the signal was aborted with
 */
export async function readFleetIds(
    file: string,
    onRead?: OnRead,
    signal?: AbortSignal,
    profile?: string
): Promise<FleetIds> {
    const ids: string[] = []
    const lines: number[] = []
    /** With the line of the first board that has it. */
    const profiles = new Map<string | undefined, number>()
    const source = {
        input: createReadStream(file),
        name: file,
        column: "registrationId",
        columnRequired: true,
        extraColumn: "profile",
    }
    for await (const { id, line, extra: also } of readListedIds(source)) {
        ids.push(id)
        lines.push(line)
        const ownOrGiven = also ?? profile
        if (!profiles.has(ownOrGiven)) profiles.set(ownOrGiven, line)
        if (ids.length % TELL_EACH !== 0) continue
        signal?.throwIfAborted()
        onRead?.(ids.length)
    }
    checkProfiles(file, profiles)
    return { ids, lines, sha256: idsSha256(ids), hasTight: [...profiles.keys()].some(isTight) }
}

/** @throws FleetError: what image a board has that is of no profile is not known, and batches depend on it */
function checkProfiles(file: string, profiles: ReadonlyMap<string | undefined, number>): void {
    const known = boardNames()
    const mistakes = [...profiles]
        .filter(([profile]) => profile !== undefined && !known.includes(profile))
        .map(([profile, line]) => ({
            line,
            text: `there is no profile ${JSON.stringify(profile)}: ${known.join(", ")}`,
        }))
    if (mistakes.length > 0) throw new FleetError(file, mistakes)
}

const COLUMNS = ["slot", "slotSec", "fleetN", "fleetCps", "load", "wave", "batch"]

/**
 * Stages the fleet file with the plan's columns set; its mode stays, for it may hold keys.
 * @throws FleetError; what the file system throws; what the signal was aborted with
 */
export async function writeSlots(
    file: string,
    { ids }: FleetIds,
    plan: RolloutPlan,
    staged: FileTransaction,
    onWritten?: OnRead,
    signal?: AbortSignal
): Promise<void> {
    const { slots, formula, batches } = plan
    const same = [slots.slotSec, formula.fleetN, formula.fleetCps, formula.load].map(String)
    let batch = 0
    let nextBatchAt = batches[0]?.boards ?? 0
    let firstBoard = 0
    const valuesOf = (id: string, n: number) => {
        if (id !== ids[n])
            throw new FleetError(file, [{ line: n + 2, text: "was changed while it was read" }])
        if (n % TELL_EACH === 0) {
            signal?.throwIfAborted()
            onWritten?.(n)
        }
        if (n === nextBatchAt) {
            firstBoard = n
            nextBatchAt += batches[++batch]?.boards ?? 0
        }
        const slot = Math.floor((n - firstBoard) / slots.boardsPerSlot)
        return [String(slot), ...same, String(batches[batch]?.wave), String(batch + 1)]
    }
    const { mode } = await stat(file)
    await staged.write(file, rewriteColumns(file, COLUMNS, valuesOf), { mode: mode & 0o777 })
}
