// Opens a simulated run: with the boards of a plan, or with a folder of manufactured images.
import { MoorageError } from "@moorage/errors"
import {
    type FleetRun,
    type FleetRunOptions,
    type Images,
    loadImages,
    openRun,
    openRunFromImages,
    readSimulationPlan,
    type SimulationPlan,
    withBoardCount,
} from "@moorage/simulator"
import { readGroupKey } from "../secrets.js"
import { usageError } from "../usage-error.js"

/** Options that select the boards of a run. */
export interface FleetRunSource {
    boards?: number
    images?: string
    rollout?: string
    groupKeyFile?: string
}

export interface FleetRunOpener {
    plan: SimulationPlan
    /** Bytecode for the plan's boards; undefined when the boards come from manufactured images. */
    images?: Images
    open(seed: number, options: FleetRunOptions): FleetRun
}

/** Returns a function that looks up the power-on times of boards in a rollout plan. @throws DocumentError */
async function powerOnTimes(rolloutFile: string): Promise<(ids: string[]) => number[]> {
    const { powerOnSecs, readRolloutPlan } = await import("@moorage/fleet/rollout")
    const { plan } = readRolloutPlan(rolloutFile)
    return ids => {
        try {
            return powerOnSecs(plan, ids)
        } catch (error) {
            throw new MoorageError(
                "IMAGE_INVALID",
                `The rollout plan ${rolloutFile} does not match the images: ${(error as Error).message}.`,
                { cause: error }
            )
        }
    }
}

async function openerFromImages(
    plan: SimulationPlan,
    folder: string,
    { groupKeyFile, rollout }: FleetRunSource
): Promise<FleetRunOpener> {
    // The code for fleet files is loaded only when images are used.
    const { readImageFleet } = await import("@moorage/fleet/manufacture")
    const key = await readGroupKey({ groupKeyFile, canPrompt: false })
    const powerOnSecs = rollout === undefined ? undefined : await powerOnTimes(rollout)
    const fleet = readImageFleet(folder, { groupKey: key, powerOnSecs })
    return { plan, open: (seed, more) => openRunFromImages({ plan, seed, fleet }, more) }
}

/** Reads the plan and prepares its boards. @throws MoorageError */
export async function fleetRunOpener(planName: string, source: FleetRunSource): Promise<FleetRunOpener> {
    const { boards, images: folder, rollout, groupKeyFile } = source
    const plan = readSimulationPlan(planName)
    if (folder !== undefined) {
        if (boards !== undefined) throw usageError("--boards and --images are mutually exclusive.")
        return openerFromImages(plan, folder, source)
    }
    if (rollout !== undefined || groupKeyFile !== undefined)
        throw usageError("--rollout and --group-key-file require --images.")
    const sized = boards === undefined ? plan : withBoardCount(plan, boards)
    const images = await loadImages()
    return { plan: sized, images, open: (seed, more) => openRun({ plan: sized, seed, images }, more) }
}
