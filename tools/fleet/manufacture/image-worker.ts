// What runs in a thread: some tasks come in, what was made of them goes out.
import { parentPort, workerData } from "node:worker_threads"
import type { FromImageWorker, ToImageWorker, ImageWorkerData } from "./image-jobs.js"
import { makeImageFile } from "./make-image.js"

const { bytecodes, outDir } = workerData as ImageWorkerData
const port = parentPort as NonNullable<typeof parentPort>
const say = (message: FromImageWorker) => port.postMessage(message)

port.on("message", ({ first, tasks }: ToImageWorker) => {
    try {
        say({ kind: "made", first, images: tasks.map(task => makeImageFile(task, bytecodes, outDir)) })
    } catch (error) {
        say({ kind: "error", message: (error as Error).message })
    }
})
