// Code of a worker thread: runs the seeds that it receives and sends the results.
import { parentPort, workerData } from "node:worker_threads"
import { runPlan } from "./fleet-run.js"
import type { FromSeedWorker, ToSeedWorker, SeedWorkerData } from "./seed-jobs.js"

const { plan, images } = workerData as SeedWorkerData
const port = parentPort as NonNullable<typeof parentPort>
const send = (message: FromSeedWorker) => port.postMessage(message)

port.on("message", ({ seed }: ToSeedWorker) => {
    runPlan(
        { plan, seed, images },
        {
            onProgress: (elapsedSec, moored) => send({ kind: "progress", seed, elapsedSec, moored }),
        }
    ).then(
        result => send({ kind: "result", result }),
        (error: Error) => send({ kind: "error", seed, message: error.stack ?? error.message })
    )
})
