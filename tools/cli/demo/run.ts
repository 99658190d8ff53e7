// Runs `moorage demo`.
import { EXIT_CODES } from "@moorage/errors"
import { Timeline } from "@moorage/report"
import { realClock } from "@moorage/runtime"
import { createInterruptSignal } from "../interrupt.js"
import { type BoardReport, formatTable } from "./boot-table.js"
import { runDemoSteps } from "./demo-steps.js"
import { type DemoWorld, startDemoWorld } from "./demo-world.js"

export interface DemoOptions {
    json: boolean
}

const hasMoored = ({ panics, boots }: BoardReport) =>
    panics === 0 && boots.every(({ mooredMs }) => mooredMs !== null)

/** Runs the demo and prints its result table. @throws MoorageError when the firmware does not compile */
export async function runDemo({ json }: DemoOptions): Promise<void> {
    const stream = json ? process.stderr : process.stdout
    const print = (line: string) => void stream.write(`${line}\n`)
    const timeline = new Timeline(realClock, print)
    let world: DemoWorld | undefined
    createInterruptSignal().addEventListener("abort", () => {
        print("\nInterrupted: powering the boards off.")
        void Promise.resolve(world?.close()).finally(() => process.exit())
    })
    try {
        world = await startDemoWorld(timeline)
        const boards = await runDemoSteps(world, timeline)
        const isSuccess = boards.every(hasMoored)
        for (const line of ["", ...formatTable(boards), ""]) print(line)
        print(
            isSuccess ? "Every board moored at every boot." : "A board did not moor: see the timeline above."
        )
        if (json) process.stdout.write(`${JSON.stringify({ boards })}\n`)
        process.exitCode = isSuccess ? EXIT_CODES.done : EXIT_CODES.failed
    } finally {
        await world?.close()
    }
}
