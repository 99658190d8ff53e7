import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { FleetCost } from "./fleet.js"
import { boardStart, officialStart, type Start } from "./official.js"

const COUNT = 1000
/** As long as the VM allows, and as often as the runtime itself says. */
const SLEEPS = { deep: 30 * 60_000, "each second": 1000 } as const
/** The default of the setting, and one that leaves a board idle. */
const TELEMETRY_SEC = [60, 3600]

async function fleetCost(sleepMaxMs: number, telemetrySec: number): Promise<FleetCost> {
    const file = fileURLToPath(new URL("fleet.ts", import.meta.url))
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
        `${COUNT} boards with the full image, in one process, in virtual time; of each: CPU time, memory so far`
    )
    for (const telemetrySec of TELEMETRY_SEC) {
        for (const [name, sleepMaxMs] of Object.entries(SLEEPS)) {
            const { created, started, moored, hour } = await fleetCost(sleepMaxMs, telemetrySec)
            const perWake = (1000 * hour.ms) / hour.wakes
            console.log(`  telemetry each ${telemetrySec} s, sleep: ${name}`)
            console.log(
                `    new ${cell(created)}; started ${cell(started)}; moored, with its share of the cloud ${cell(moored)}`
            )
            console.log(
                `    a virtual hour: ${hour.wakes.toFixed(0)} wakes, ${hour.ms.toFixed(2)} ms (${perWake.toFixed(1)} us a wake, the cloud's work included)`
            )
        }
    }
}

async function benchOfficial(): Promise<void> {
    const official = await officialStart()
    const { first, stressed, plain } = await boardStart()
    const row = (name: string, cost: Start) => console.log(`  ${name.padEnd(52)} ${cell(cost)}`)
    console.log("The probe program to its first line; with gc stress, which `devs run --test` always has")
    row("devs run, a process, wall time", official)
    row("a board and its process, wall time", first)
    row("a further board in it, CPU time", stressed)
    row("a further board in it without gc stress, CPU time", plain)
}

/** What a simulated board costs: to make, to start, to leave idle; and beside an official `devs run`. */
export async function benchBoards(): Promise<void> {
    await benchFleet()
    await benchOfficial()
}
