// Runs many seeds on several threads. The runs share only the plan and the images.
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

/** The plan to run with each seed. */
export interface SeedJobs {
    plan: SimulationPlan
    seeds: number[]
    images: Images
}

export interface SeedJobsOptions {
    /** Number of threads. */
    jobs: number
    /** Called at the end of each run. */
    onResult?: (result: RunResult) => void
    onProgress?: (seed: number, elapsedSec: number, moored: number) => void
    /** Ends all threads. The results until then are returned. */
    signal?: AbortSignal
}

/** Worker threads that process the waiting seeds one at a time. */
class SeedPool {
    readonly results = new Map<number, RunResult>()
    private readonly waiting: number[]
    private readonly workers: Worker[] = []

    constructor(
        seeds: number[],
        private readonly data: SeedWorkerData,
        private readonly options: SeedJobsOptions
    ) {
        this.waiting = [...seeds]
    }

    /** Starts a worker thread. Resolves when the thread has ended. */
    startWorker(): Promise<void> {
        return new Promise((resolve, reject) => {
            const worker = new Worker(new URL("./seed-worker.mjs", import.meta.url), {
                workerData: this.data,
            })
            this.workers.push(worker)
            worker.on("message", (message: FromSeedWorker) => {
                if (message.kind === "error") reject(new Error(`seed ${message.seed}: ${message.message}`))
                else this.onMessage(worker, message)
            })
            worker.on("error", reject)
            worker.on("exit", () => resolve())
            this.sendNext(worker)
        })
    }

    end(): void {
        this.waiting.length = 0
        for (const worker of this.workers) void worker.terminate()
    }

    private onMessage(worker: Worker, message: Exclude<FromSeedWorker, { kind: "error" }>): void {
        const { onProgress, onResult } = this.options
        if (message.kind === "progress") {
            onProgress?.(message.seed, message.elapsedSec, message.moored)
            return
        }
        this.results.set(message.result.seed, message.result)
        onResult?.(message.result)
        this.sendNext(worker)
    }

    private sendNext(worker: Worker): void {
        const seed = this.waiting.shift()
        if (seed === undefined) void worker.terminate()
        else worker.postMessage({ seed } satisfies ToSeedWorker)
    }
}

/**
 * Runs the plan once for each seed.
 * @returns the results in the order of the seeds, without those that the signal ended
 * @throws Error if a run itself fails, which is a defect of the simulator
 */
export async function runSeeds(
    { plan, seeds, images }: SeedJobs,
    options: SeedJobsOptions
): Promise<RunResult[]> {
    const pool = new SeedPool(seeds, { plan, images }, options)
    const endPool = () => pool.end()
    options.signal?.addEventListener("abort", endPool)
    try {
        const jobs = Math.max(1, Math.min(options.jobs, seeds.length))
        await Promise.all(Array.from({ length: jobs }, () => pool.startWorker()))
    } finally {
        endPool()
        options.signal?.removeEventListener("abort", endPool)
    }
    return seeds.flatMap(seed => pool.results.get(seed) ?? [])
}
