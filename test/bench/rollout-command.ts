// `moorage rollout` for a million boards: the plan, and a look at all of them.
import { createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { print, run } from "./command.js"
import { startServer } from "./monitor/main.js"

const BOARDS = 1_000_000
const GROUPS = 10

/** The IDs of the records that the server has. */
function* lines(): Generator<string> {
    yield "registrationId\n"
    for (let group = 0; group < GROUPS; group++)
        for (let i = 0; i < BOARDS / GROUPS; i++) yield `line-${group}-${String(i).padStart(7, "0")}\n`
}

/** Prints how long a plan and a look take, and how much memory. */
export async function benchRolloutCommand(): Promise<void> {
    const dir = mkdtempSync(join(tmpdir(), "moorage-bench-rollout-"))
    const path = (name: string) => join(dir, name)
    const fleet = path("fleet.csv")
    const plan = path("plan.json")
    try {
        const count = BOARDS.toLocaleString("en-US")
        await pipeline(Readable.from(lines()), createWriteStream(fleet))
        const planned = (...more: string[]) => run(["rollout", "plan", fleet, "--out", plan, ...more])
        const hours = ["--hours", "08:00-17:00", "--days", "mon-fri"]
        print(`plan for ${count}`, BOARDS, await planned(...hours, "--report", path("plan.html")))
        console.log(
            `    plan ${statSync(plan).size} bytes, fleet file ${Math.round(statSync(fleet).size / 1e6)} MB`
        )
        await planned("--waves", "100%")
        // One in a hundred failed.
        const server = await startServer(BOARDS, GROUPS, { dpsOperations: null })
        writeFileSync(path("card.json"), server.card)
        const watch = ["rollout", "run", plan, "--fleet", fleet, "--profile", path("card.json"), "--now"]
        const ran = await run([...watch, "--rate", "1000/s", "--every", "1s", "--json"], {
            until: '"registered":990000',
        })
        await server.stop()
        print(`a first look at ${count}`, BOARDS, ran)
    } finally {
        rmSync(dir, { recursive: true, force: true })
    }
}
