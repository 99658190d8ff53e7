// The real `moorage` command in a process of its own, and what it took.
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { realClock } from "@moorage/runtime"

const BIN = fileURLToPath(new URL("../../tools/cli/moorage.mjs", import.meta.url))
const USAGE = fileURLToPath(new URL("usage.mjs", import.meta.url))

export interface Ran {
    tookSec: number
    /** Of the process, threads included. */
    peakMB: number
    cpuSec: number
}

interface Choices {
    env?: Record<string, string>
    /** Once it has printed this it is interrupted: that is its end, too. */
    until?: string
}

/** Runs the command; usage.mjs says at its end what it took. */
export function run(args: string[], { env, until }: Choices = {}): Promise<Ran> {
    const startMs = realClock.nowMs()
    const child = spawn(process.execPath, ["--import", USAGE, BIN, ...args], {
        env: { ...process.env, ...env },
        stdio: ["ignore", until === undefined ? "ignore" : "pipe", "pipe"],
    })
    let said = ""
    child.stderr?.on("data", chunk => (said += String(chunk)))
    child.stdout?.on("data", chunk => {
        if (until !== undefined && String(chunk).includes(until)) child.kill("SIGINT")
    })
    return new Promise((done, fail) => {
        child.on("close", code => {
            const [, maxRssKB, cpuUs] = /^usage (\d+) (\d+)$/m.exec(said) ?? []
            const isEnd = code === (until === undefined ? 0 : 130)
            if (!isEnd || maxRssKB === undefined) return fail(new Error(`ended with ${code}: ${said}`))
            const tookSec = (realClock.nowMs() - startMs) / 1000
            done({ tookSec, peakMB: Number(maxRssKB) / 1024, cpuSec: Number(cpuUs) / 1e6 })
        })
    })
}

/** One line about a run over so many things. */
export function print(what: string, count: number, { tookSec, peakMB, cpuSec }: Ran): void {
    const perSec = Math.round(count / tookSec).toLocaleString("en-US")
    console.log(
        `  ${what.padEnd(34)} ${tookSec.toFixed(1).padStart(6)} s, ${perSec.padStart(8)} a second, ` +
            `${cpuSec.toFixed(1)} s of CPU, peak ${Math.round(peakMB)} MB`
    )
}
