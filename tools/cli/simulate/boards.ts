// Which boards a run has: those that its plan makes up, or a folder of images that were made to be flashed.
import {
    type FleetRun,
    type Images,
    loadImages,
    openMadeRun,
    openRun,
    type Plan,
    readPlan,
    type RunOptions,
    withBoardCount,
} from "@moorage/simulator"
import { FAILED, UserError, WRONG_USAGE } from "../fail.js"
import { groupKey } from "../secrets.js"

export interface BoardOptions {
    boards?: number
    images?: string
    rollout?: string
    groupKeyFile?: string
}

export interface Opener {
    plan: Plan
    /** Bytecode of the plan's own boards; undefined when the boards are made already. */
    images?: Images
    open(seed: number, options: RunOptions): FleetRun
}

async function ofImages(plan: Plan, dir: string, options: BoardOptions): Promise<Opener> {
    // What reads a fleet's files is loaded only for those who have some.
    const { readMadeFleet } = await import("@moorage/fleet/manufacture/index.js")
    const key = await groupKey({ groupKeyFile: options.groupKeyFile, mayAsk: false })
    try {
        const fleet = readMadeFleet(dir, { groupKey: key })
        return { plan, open: (seed, more) => openMadeRun(plan, seed, fleet, more) }
    } catch (error) {
        throw new UserError((error as Error).message, FAILED, { cause: error })
    }
}

/** @throws UserError, DocumentError */
export async function openerOf(name: string, options: BoardOptions): Promise<Opener> {
    const { boards, images: dir, rollout, groupKeyFile } = options
    const plan = readPlan(name)
    if (dir !== undefined) {
        if (boards !== undefined)
            throw new UserError("--images has its own boards: leave --boards away.", WRONG_USAGE)
        return ofImages(plan, dir, options)
    }
    if (rollout !== undefined || groupKeyFile !== undefined)
        throw new UserError("--rollout and --group-key-file are for --images: give that too.", WRONG_USAGE)
    const counted = boards === undefined ? plan : withBoardCount(plan, boards)
    const images = await loadImages()
    return { plan: counted, images, open: (seed, more) => openRun(counted, seed, images, more) }
}
