// Measures `moorage rollout` for a million boards: a plan, and the first lookup of all boards.
import { createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { printCost, run } from "./measured-command.js"
import { startServer } from "./monitor/bench-monitor.js"

const BOARDS = 1_000_000
const GROUPS = 10

/** Yields the lines of a fleet file with the IDs of the server's records. */
function* fleetFileLines(): Generator<string> {
    yield "registrationId\n"
    for (let group = 0; group < GROUPS; group++)
        for (let i = 0; i < BOARDS / GROUPS; i++) yield `line-${group}-${String(i).padStart(7, "0")}\n`
}

/** Prints time and memory of a plan and of a lookup. */
export async function benchRolloutCommand(): Promise<void> {
    const dir = mkdtempSync(join(tmpdir(), "moorage-bench-rollout-"))
    const path = (name: string) => join(dir, name)
    const fleet = path("fleet.csv")
    const plan = path("plan.json")
    try {
        const count = BOARDS.toLocaleString("en-US")
        await pipeline(Readable.from(fleetFileLines()), createWriteStream(fleet))
        const runPlan = (...more: string[]) => run(["rollout", "plan", fleet, "--out", plan, ...more])
        const hours = ["--hours", "08:00-17:00", "--days", "mon-fri"]
        printCost(`plan for ${count}`, BOARDS, await runPlan(...hours, "--report", path("plan.html")))
        console.log(
            `    plan ${statSync(plan).size} bytes, fleet file ${Math.round(statSync(fleet).size / 1e6)} MB`
        )
        await runPlan("--waves", "100%")
        // One registration in a hundred failed, so 990,000 boards are registered.
        const server = await startServer(BOARDS, GROUPS, { dpsOperations: null })
        writeFileSync(path("card.json"), server.card)
        const watch = ["rollout", "run", plan, "--fleet", fleet, "--profile", path("card.json"), "--now"]
        const cost = await run([...watch, "--rate", "1000/s", "--every", "1s", "--json"], {
            until: '"registered":990000',
        })
        await server.stop()
        printCost(`first lookup of ${count}`, BOARDS, cost)
    } finally {
        rmSync(dir, { recursive: true, force: true })
    }
}
