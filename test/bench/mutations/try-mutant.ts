// Runs a mutant or the unchanged firmware and returns the violated invariants.
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
    mainBytes: number
    tightBytes: number
    /** Number of violations of each invariant, of those that the run kept. */
    violations: Record<string, number>
    first: Violation | undefined
}

/** Returns the plan of that name in plans/. */
export function mutantPlan(name: MutantPlan): SimulationPlan {
    return readSimulationPlan(fileURLToPath(new URL(`plans/${name}.yaml`, import.meta.url)))
}

/** Runs the plan with the images. */
export async function runImages(images: Images, plan: SimulationPlan, seed: number): Promise<MutantTrial> {
    const { violations } = await runPlan({ plan, seed, images }, { hashTrace: false })
    const counts: Record<string, number> = {}
    for (const { invariant } of violations) counts[invariant] = (counts[invariant] ?? 0) + 1
    return {
        mainBytes: images.main.length,
        tightBytes: images.maintight.length,
        violations: counts,
        first: violations[0],
    }
}

/** Builds the mutant and runs its plan. */
export async function runMutant(project: MutantProject, mutant: Mutant): Promise<MutantTrial> {
    const images = await project.build(mutant)
    return runImages(images, mutantPlan(mutant.plan), mutant.seed)
}
