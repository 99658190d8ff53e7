// Many seeds over several threads: each run is by itself, so they share nothing but plan and images.
import { Worker } from "node:worker_threads"
import type { SimulationPlan } from "./plan/simulation-plan.js"
import type { RunResult } from "./trace/run-result.js"
import type { Images } from "./world/fleet-spec.js"

export interface SeedWorkerData {
    plan: SimulationPlan
    images: Images
}

export interface ToSeedWorker {
    seed: number
}

export type FromSeedWorker =
    | { kind: "progress"; seed: number; elapsedSec: number; moored: number }
    | { kind: "result"; result: RunResult }
    | { kind: "error"; seed: number; message: string }

export interface SeedJobsOptions {
    jobs: number
    /** In the order in which they end. */
    onResult?: (result: RunResult) => void
    onProgress?: (seed: number, elapsedSec: number, moored: number) => void
    /** Ends all threads; what has ended by then is returned. */
    signal?: AbortSignal
}

/**
 * Runs the plan once for each seed.
 * @returns the results in the order of the seeds; those that were cut off are missing
 * @throws Error when a run itself fails, which is a defect of the simulator
 */
export async function runSeeds(
    plan: SimulationPlan,
    seeds: number[],
    images: Images,
    options: SeedJobsOptions
): Promise<RunResult[]> {
    const results = new Map<number, RunResult>()
    const waiting = [...seeds]
    const workers: Worker[] = []
    const data: SeedWorkerData = { plan, images }

    function serve(): Promise<void> {
        return new Promise((done, fail) => {
            const worker = new Worker(new URL("./seed-worker.mjs", import.meta.url), { workerData: data })
            workers.push(worker)
            const next = () => {
                const seed = waiting.shift()
                if (seed === undefined) void worker.terminate()
                else worker.postMessage({ seed } satisfies ToSeedWorker)
            }
            worker.on("message", (message: FromSeedWorker) => {
                if (message.kind === "progress")
                    options.onProgress?.(message.seed, message.elapsedSec, message.moored)
                else if (message.kind === "error") fail(new Error(`seed ${message.seed}: ${message.message}`))
                else {
                    results.set(message.result.seed, message.result)
                    options.onResult?.(message.result)
                    next()
                }
            })
            worker.on("error", fail)
            worker.on("exit", () => done())
            next()
        })
    }

    const endAll = () => {
        waiting.length = 0
        for (const worker of workers) void worker.terminate()
    }
    options.signal?.addEventListener("abort", endAll)
    try {
        const jobs = Math.max(1, Math.min(options.jobs, seeds.length))
        await Promise.all(Array.from({ length: jobs }, serve))
    } finally {
        endAll()
        options.signal?.removeEventListener("abort", endAll)
    }
    return seeds.flatMap(seed => results.get(seed) ?? [])
}
