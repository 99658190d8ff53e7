// Runs in a thread: receives tasks and sends back the results.
import { parentPort, workerData } from "node:worker_threads"
import type { FromImageWorker, ToImageWorker, ImageWorkerData } from "./image-jobs.js"
import { makeImageFile } from "./make-image.js"

const { bytecodes, outDir } = workerData as ImageWorkerData
const port = parentPort as NonNullable<typeof parentPort>
const send = (message: FromImageWorker) => port.postMessage(message)

port.on("message", ({ first, tasks }: ToImageWorker) => {
    try {
        send({ kind: "made", first, images: tasks.map(task => makeImageFile(task, bytecodes, outDir)) })
    } catch (error) {
        send({ kind: "error", message: (error as Error).message })
    }
})
