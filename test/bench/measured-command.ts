// Runs the `moorage` command in a process of its own and measures it.
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { realClock } from "@moorage/runtime"

const BIN = fileURLToPath(new URL("../../tools/cli/moorage.mjs", import.meta.url))
const USAGE = fileURLToPath(new URL("print-usage.mjs", import.meta.url))

/** The resources that a command used. */
export interface CommandCost {
    durationSec: number
    /** Memory of the process including its threads. */
    peakMB: number
    cpuSec: number
}

interface RunOptions {
    env?: Record<string, string>
    /** Interrupts the command (SIGINT) once it has printed this text. */
    until?: string
}

/** Runs the command to its end. print-usage.mjs reports the used resources. @throws Error when the command fails */
export function run(args: string[], { env, until }: RunOptions = {}): Promise<CommandCost> {
    const startMs = realClock.nowMs()
    const child = spawn(process.execPath, ["--import", USAGE, BIN, ...args], {
        env: { ...process.env, ...env },
        stdio: ["ignore", until === undefined ? "ignore" : "pipe", "pipe"],
    })
    let errorOutput = ""
    child.stderr?.on("data", chunk => (errorOutput += String(chunk)))
    child.stdout?.on("data", chunk => {
        if (until !== undefined && String(chunk).includes(until)) child.kill("SIGINT")
    })
    return new Promise((done, fail) => {
        child.on("close", code => {
            const [, maxRssKB, cpuUs] = /^usage (\d+) (\d+)$/m.exec(errorOutput) ?? []
            const hasSucceeded = code === (until === undefined ? 0 : 130)
            if (!hasSucceeded || maxRssKB === undefined)
                return fail(new Error(`The command ended with code ${code}: ${errorOutput}`))
            const durationSec = (realClock.nowMs() - startMs) / 1000
            done({ durationSec, peakMB: Number(maxRssKB) / 1024, cpuSec: Number(cpuUs) / 1e6 })
        })
    })
}

/** Prints one line about a run that handled `count` items. */
export function printCost(title: string, count: number, { durationSec, peakMB, cpuSec }: CommandCost): void {
    const perSec = Math.round(count / durationSec).toLocaleString("en-US")
    console.log(
        `  ${title.padEnd(34)} ${durationSec.toFixed(1).padStart(6)} s, ${perSec.padStart(8)} per second, ` +
            `${cpuSec.toFixed(1)} s of CPU, peak ${Math.round(peakMB)} MB`
    )
}
