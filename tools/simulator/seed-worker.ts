// What runs in a thread: a seed comes in, a result goes out, until there are none left.
import { parentPort, workerData } from "node:worker_threads"
import { runPlan } from "./fleet-run.js"
import type { FromSeedWorker, ToSeedWorker, SeedWorkerData } from "./seed-jobs.js"

const { plan, images } = workerData as SeedWorkerData
const port = parentPort as NonNullable<typeof parentPort>
const say = (message: FromSeedWorker) => port.postMessage(message)

port.on("message", ({ seed }: ToSeedWorker) => {
    runPlan(plan, seed, images, {
        onProgress: (elapsedSec, moored) => say({ kind: "progress", seed, elapsedSec, moored }),
    }).then(
        result => say({ kind: "result", result }),
        (error: Error) => say({ kind: "error", seed, message: error.stack ?? error.message })
    )
})
