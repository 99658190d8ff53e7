// One mutant, or the firmware as it is, in one run: which invariants it violated.
import { fileURLToPath } from "node:url"
import {
    type Images,
    type SimulationPlan,
    readSimulationPlan,
    runPlan,
    type Violation,
} from "@moorage/simulator"
import type { Mutant, MutantPlan } from "./mutants.js"
import type { MutantProject } from "./project.js"

export interface MutantTrial {
    /** Bytes of the images. */
    mainBytes: number
    tightBytes: number
    /** How often each invariant was violated, of the violations that the run kept. */
    caught: Record<string, number>
    first: Violation | undefined
}

/** The plan in plans/ of that name. */
export function mutantPlan(name: MutantPlan): SimulationPlan {
    return readSimulationPlan(fileURLToPath(new URL(`plans/${name}.yaml`, import.meta.url)))
}

/** Runs the images through the plan. */
export async function runImages(images: Images, plan: SimulationPlan, seed: number): Promise<MutantTrial> {
    const { violations } = await runPlan({ plan, seed, images }, { hash: false })
    const caught: Record<string, number> = {}
    for (const { invariant } of violations) caught[invariant] = (caught[invariant] ?? 0) + 1
    return {
        mainBytes: images.main.length,
        tightBytes: images.maintight.length,
        caught,
        first: violations[0],
    }
}

/** Builds the mutant and runs it through its plan. */
export async function runMutant(project: MutantProject, mutant: Mutant): Promise<MutantTrial> {
    const images = await project.build(mutant)
    return runImages(images, mutantPlan(mutant.plan), mutant.seed)
}
