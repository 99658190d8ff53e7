// Measures the costs of simulated boards, and compares them with `devs run`.
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { FleetCost } from "./fleet-process.js"
import { boardStart, devsRunStart, type StartCost } from "./program-start.js"

const COUNT = 1000
/** The longest sleep that the VM allows, and the interval at which the runtime asks to wake. */
const SLEEPS = { "30 min": 30 * 60_000, "1 s": 1000 } as const
/** The default interval, and an interval at which a board is nearly idle. */
const TELEMETRY_SEC = [60, 3600]

async function fleetCost(sleepMaxMs: number, telemetrySec: number): Promise<FleetCost> {
    const file = fileURLToPath(new URL("fleet-process.ts", import.meta.url))
    const child = fork(file, [COUNT, sleepMaxMs, telemetrySec].map(String), {
        execArgv: ["--import", "tsx"],
    })
    return ((await once(child, "message")) as [FleetCost])[0]
}

function cell({ ms, mb }: { ms: number; mb: number }): string {
    return `${ms.toFixed(2)} ms ${mb.toFixed(3)} MB`
}

async function benchFleet(): Promise<void> {
    console.log(
        `${COUNT} boards with the full image, in one process, in virtual time. Per board: CPU time, total memory`
    )
    for (const telemetrySec of TELEMETRY_SEC) {
        for (const [name, sleepMaxMs] of Object.entries(SLEEPS)) {
            const { created, started, moored, hour } = await fleetCost(sleepMaxMs, telemetrySec)
            const perWake = (1000 * hour.ms) / hour.wakes
            console.log(`  telemetry every ${telemetrySec} s, longest sleep ${name}`)
            console.log(
                `    new ${cell(created)}; started ${cell(started)}; moored, including the cloud ${cell(moored)}`
            )
            console.log(
                `    a virtual hour: ${hour.wakes.toFixed(0)} wakes, ${hour.ms.toFixed(2)} ms (${perWake.toFixed(1)} us per wake, including the cloud)`
            )
        }
    }
}

async function benchDevsRun(): Promise<void> {
    const devsRun = await devsRunStart()
    const { first, stressed, plain } = await boardStart()
    const row = (name: string, cost: StartCost) => console.log(`  ${name.padEnd(52)} ${cell(cost)}`)
    console.log("The probe program until its first log line, with GC stress as in `devs run --test`")
    row("devs run in a process, wall time", devsRun)
    row("first board with its process, wall time", first)
    row("further board, CPU time", stressed)
    row("further board without GC stress, CPU time", plain)
}

/** Prints the costs of a simulated board: creation, start and idle time, and compares them with `devs run`. */
export async function benchBoards(): Promise<void> {
    await benchFleet()
    await benchDevsRun()
}
