import type { FleetRunSource } from "./open-fleet-run.js"

export interface SimulateOptions extends FleetRunSource {
    seed?: number
    seeds?: number[]
    index?: number
    seedsPerIndex: number
    jobs: number
    json: boolean
    report?: string
    trace?: string
    out?: string
    merge?: string
    list: boolean
    shrinkTries: number
    serve?: string
}

export const DEFAULT_SEED = 1

/** Returns the seeds to run. The index is the index in a Kubernetes Indexed Job or in a CI matrix. */
export function selectSeeds({ seed, seeds, index, seedsPerIndex }: SimulateOptions): number[] {
    if (seeds) return seeds
    if (seed !== undefined) return [seed]
    const given = index ?? Number(process.env.JOB_COMPLETION_INDEX ?? NaN)
    if (Number.isNaN(given)) return [DEFAULT_SEED]
    return Array.from({ length: seedsPerIndex }, (_, i) => given * seedsPerIndex + i + 1)
}
