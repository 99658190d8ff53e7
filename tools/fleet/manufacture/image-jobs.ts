// Many images over several threads.
import { Worker } from "node:worker_threads"
import type { Bytecodes, ImageFileResult, ImageTask } from "./make-image.js"

export interface ImageWorkerData {
    bytecodes: Bytecodes
    outDir: string
}

export interface ToImageWorker {
    /** Place of the first of them. */
    first: number
    tasks: ImageTask[]
}

export type FromImageWorker =
    { kind: "made"; first: number; images: ImageFileResult[] } | { kind: "error"; message: string }

/** Few enough for a bar that moves, enough that messages cost nothing. */
const BATCH = 16

export interface ImageJobsOptions extends ImageWorkerData {
    jobs: number
    signal?: AbortSignal
    onImage?: (image: ImageFileResult) => void
}

/**
 * Makes all images, in their order.
 * @returns undefined when it was cut off
 * @throws Error of the first that cannot be made; the others are ended
 */
export async function makeAllImages(
    count: number,
    taskOf: (i: number) => ImageTask,
    options: ImageJobsOptions
): Promise<ImageFileResult[] | undefined> {
    const { bytecodes, outDir, signal, onImage: onMade } = options
    const made: ImageFileResult[] = new Array<ImageFileResult>(count)
    const workers: Worker[] = []
    let next = 0

    function serve(): Promise<void> {
        return new Promise((done, fail) => {
            const workerData: ImageWorkerData = { bytecodes, outDir }
            const worker = new Worker(new URL("./image-worker.mjs", import.meta.url), { workerData })
            workers.push(worker)
            const more = () => {
                const first = next
                next = Math.min(count, first + BATCH)
                const tasks = Array.from({ length: next - first }, (_, i) => taskOf(first + i))
                if (tasks.length === 0) void worker.terminate()
                else worker.postMessage({ first, tasks } satisfies ToImageWorker)
            }
            worker.on("message", (message: FromImageWorker) => {
                if (message.kind === "error") return fail(new Error(message.message))
                for (const [i, image] of message.images.entries()) {
                    made[message.first + i] = image
                    onMade?.(image)
                }
                more()
            })
            worker.on("error", fail)
            worker.on("exit", () => done())
            more()
        })
    }

    const endAll = () => {
        next = count
        return Promise.all(workers.map(worker => worker.terminate()))
    }
    const onAbort = () => void endAll()
    signal?.addEventListener("abort", onAbort)
    try {
        if (!signal?.aborted) {
            const jobs = Math.max(1, Math.min(options.jobs, Math.ceil(count / BATCH)))
            await Promise.all(Array.from({ length: jobs }, serve))
        }
    } finally {
        await endAll()
        signal?.removeEventListener("abort", onAbort)
    }
    return signal?.aborted ? undefined : made
}
