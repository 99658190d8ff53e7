// Measures `moorage monitor` with up to a million registration records: calls, time and memory of the process.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { realClock } from "@moorage/runtime"
import type { Survey } from "../../../tools/fleet/monitor/index.js"

const MOORAGE = fileURLToPath(new URL("../../../tools/cli/moorage.mjs", import.meta.url))
const SERVER = fileURLToPath(new URL("./records-server.ts", import.meta.url))
/** Script that makes the process print its peak memory in KB when it ends. */
const PRINT_PEAK = `process.on("exit", () => process.stderr.write("peak " + process.resourceUsage().maxRSS))`

interface MonitorCost {
    survey: Survey
    peakMB: number
    wallSec: number
}

/** Starts an emulator with `records` registration records in a process of its own. Returns its connection card. */
export async function startServer(records: number, groups: number, quotas: object) {
    const args = ["--import", "tsx", SERVER, String(records), String(groups), JSON.stringify(quotas)]
    const child = spawn(process.execPath, ["--max-old-space-size=8000", ...args], {
        stdio: ["ignore", "pipe", "inherit"],
    })
    const [card] = (await once(child.stdout, "data")) as [Buffer]
    const stop = async () => {
        child.kill()
        await once(child, "close")
    }
    return { card: card.toString(), stop }
}

/** Runs the command once. @throws Error when it fails */
async function runMonitor(profile: string, rate: string): Promise<MonitorCost> {
    const startMs = realClock.nowMs()
    const preload = `data:text/javascript,${encodeURIComponent(PRINT_PEAK)}`
    const args = ["--import", preload, MOORAGE, "monitor", "--profile", profile, "--rate", rate, "--json"]
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", chunk => (stdout += String(chunk)))
    child.stderr.on("data", chunk => (stderr += String(chunk)))
    const [code] = await once(child, "close")
    const peak = /peak (\d+)/.exec(stderr)
    if (code !== 0 || !peak) throw new Error(`moorage monitor ended with code ${String(code)}: ${stderr}`)
    return {
        survey: JSON.parse(stdout) as Survey,
        peakMB: Number(peak[1]) / 1024,
        wallSec: (realClock.nowMs() - startMs) / 1000,
    }
}

const CASES: [title: string, records: number, rate: string, quotas: object][] = [
    ["no quota", 1000, "1000/s", { dpsOperations: null }],
    ["no quota", 100_000, "1000/s", { dpsOperations: null }],
    ["no quota", 1_000_000, "1000/s", { dpsOperations: null }],
    ["the documented quota, the default rate of the monitor", 1_000_000, "900/min", {}],
]

/** Prints the cost of the monitor with records of ten enrollment groups. */
export async function benchMonitor(): Promise<void> {
    const dir = mkdtempSync(join(tmpdir(), "moorage-bench-"))
    try {
        for (const [title, records, rate, quotas] of CASES) {
            const server = await startServer(records, 10, quotas)
            const profile = join(dir, "card.json")
            writeFileSync(profile, server.card)
            const { survey, peakMB, wallSec } = await runMonitor(profile, rate)
            await server.stop()
            console.log(
                `${records} records, ${title}: ${survey.registered} counted, ${survey.calls} calls, ${survey.throttled} throttled, ` +
                    `${survey.tookSec.toFixed(1)} s (process ${wallSec.toFixed(1)} s), peak memory ${peakMB.toFixed(0)} MB`
            )
        }
    } finally {
        rmSync(dir, { recursive: true, force: true })
    }
}
