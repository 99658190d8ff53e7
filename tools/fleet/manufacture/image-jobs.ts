// Makes many images in several threads.
import { Worker } from "node:worker_threads"
import type { Bytecodes, ImageFileResult, ImageTask } from "./make-image.js"

export interface ImageWorkerData {
    bytecodes: Bytecodes
    outDir: string
}

/** Message to a worker. */
export interface ToImageWorker {
    /** Index of the first task. */
    first: number
    tasks: ImageTask[]
}

/** Message from a worker. */
export type FromImageWorker =
    { kind: "made"; first: number; images: ImageFileResult[] } | { kind: "error"; message: string }

/** Small enough for a smooth progress bar, and large enough to keep the cost of the messages low. */
const TASKS_PER_MESSAGE = 16

export interface ImageJobsOptions extends ImageWorkerData {
    /** Number of threads. */
    jobs: number
    signal?: AbortSignal
    onImage?: (image: ImageFileResult) => void
}

/**
 * Makes all images. The results are in the order of the tasks.
 * @returns undefined if it was aborted
 * @throws Error of the first image that cannot be made; the other workers are terminated
 */
export async function makeAllImages(
    count: number,
    taskAt: (index: number) => ImageTask,
    options: ImageJobsOptions
): Promise<ImageFileResult[] | undefined> {
    const { bytecodes, outDir, signal, onImage } = options
    const results: ImageFileResult[] = new Array<ImageFileResult>(count)
    const workers: Worker[] = []
    let next = 0

    function runWorker(): Promise<void> {
        return new Promise((resolve, reject) => {
            const workerData: ImageWorkerData = { bytecodes, outDir }
            const worker = new Worker(new URL("./image-worker.mjs", import.meta.url), { workerData })
            workers.push(worker)
            const sendTasks = () => {
                const first = next
                next = Math.min(count, first + TASKS_PER_MESSAGE)
                const tasks = Array.from({ length: next - first }, (_, i) => taskAt(first + i))
                if (tasks.length === 0) void worker.terminate()
                else worker.postMessage({ first, tasks } satisfies ToImageWorker)
            }
            worker.on("message", (message: FromImageWorker) => {
                if (message.kind === "error") return reject(new Error(message.message))
                for (const [i, image] of message.images.entries()) {
                    results[message.first + i] = image
                    onImage?.(image)
                }
                sendTasks()
            })
            worker.on("error", reject)
            worker.on("exit", () => resolve())
            sendTasks()
        })
    }

    const terminateAll = () => {
        next = count
        return Promise.all(workers.map(worker => worker.terminate()))
    }
    const onAbort = () => void terminateAll()
    signal?.addEventListener("abort", onAbort)
    try {
        if (!signal?.aborted) {
            const jobs = Math.max(1, Math.min(options.jobs, Math.ceil(count / TASKS_PER_MESSAGE)))
            await Promise.all(Array.from({ length: jobs }, runWorker))
        }
    } finally {
        await terminateAll()
        signal?.removeEventListener("abort", onAbort)
    }
    return signal?.aborted ? undefined : results
}
