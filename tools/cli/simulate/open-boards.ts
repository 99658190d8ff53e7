// Which boards a run has: those that its plan makes up, or a folder of images that were made to be flashed.
import {
    type FleetRun,
    type Images,
    loadImages,
    openRunFromImages,
    openRun,
    type SimulationPlan,
    readSimulationPlan,
    type FleetRunOptions,
    withBoardCount,
} from "@moorage/simulator"
import { FAILED, UserError, WRONG_USAGE } from "../user-error.js"
import { groupKey } from "../secrets.js"

export interface SimulateBoardOptions {
    boards?: number
    images?: string
    rollout?: string
    groupKeyFile?: string
}

export interface Opener {
    plan: SimulationPlan
    /** Bytecode of the plan's own boards; undefined when the boards are made already. */
    images?: Images
    open(seed: number, options: FleetRunOptions): FleetRun
}

/** When boards are powered on, as a roll-out plan has it. @throws DocumentError; RangeError for other boards */
async function powerOf(rollout: string): Promise<(ids: string[]) => number[]> {
    const { powerOnSecs, readRolloutPlan: readRollout } = await import("@moorage/fleet/rollout")
    const { plan } = readRollout(rollout)
    return ids => {
        try {
            return powerOnSecs(plan, ids)
        } catch (error) {
            throw new Error(`${rollout} is no plan for these images: ${(error as Error).message}.`, {
                cause: error,
            })
        }
    }
}

async function ofImages(plan: SimulationPlan, dir: string, options: SimulateBoardOptions): Promise<Opener> {
    // What reads a fleet's files is loaded only for those who have some.
    const { readImageFleet } = await import("@moorage/fleet/manufacture")
    const { groupKeyFile, rollout } = options
    const key = await groupKey({ groupKeyFile, mayAsk: false })
    const powerOnSecs = rollout === undefined ? undefined : await powerOf(rollout)
    try {
        const fleet = readImageFleet(dir, { groupKey: key, powerOnSecs })
        return { plan, open: (seed, more) => openRunFromImages({ plan, seed, fleet }, more) }
    } catch (error) {
        throw new UserError((error as Error).message, FAILED, { cause: error })
    }
}

/** @throws UserError, DocumentError */
export async function openerOf(name: string, options: SimulateBoardOptions): Promise<Opener> {
    const { boards, images: dir, rollout, groupKeyFile } = options
    const plan = readSimulationPlan(name)
    if (dir !== undefined) {
        if (boards !== undefined)
            throw new UserError("--images has its own boards: leave --boards away.", WRONG_USAGE)
        return ofImages(plan, dir, options)
    }
    if (rollout !== undefined || groupKeyFile !== undefined)
        throw new UserError("--rollout and --group-key-file are for --images: give that too.", WRONG_USAGE)
    const counted = boards === undefined ? plan : withBoardCount(plan, boards)
    const images = await loadImages()
    return { plan: counted, images, open: (seed, more) => openRun({ plan: counted, seed, images }, more) }
}
