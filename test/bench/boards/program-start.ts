// Measures the start of a program with `devs run` and with a board of this repository.
import { fork, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { buildFirmware } from "@moorage/vm"

const DEVS = "node_modules/@devicescript/cli/devicescript"
/** Number of further boards in the process. */
const FURTHER_BOARDS = 200

/** Costs until the first log line of the program: time, and memory of the process. */
export interface StartCost {
    ms: number
    mb: number
}

/** Measures `devs run` with the compiled probe program. It collects garbage before each allocation. */
export async function devsRunStart(): Promise<StartCost> {
    const { path } = await buildFirmware("test/vm-suites/programs/vm-probe.ts")
    const startedMs = performance.now()
    const args = [DEVS, "run", path, "--test", "--test-self-exit"]
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
    let output = ""
    for await (const piece of child.stdout) {
        output += piece
        if (output.includes("hello")) break
    }
    const start = { ms: performance.now() - startedMs, mb: residentMb(child.pid as number) }
    child.kill()
    return start
}

/** Measures the same program on a first board, and per further board (CPU time) with and without GC stress. */
export async function boardStart(): Promise<{ first: StartCost; stressed: StartCost; plain: StartCost }> {
    const startedMs = performance.now()
    const file = fileURLToPath(new URL("greeting-process.ts", import.meta.url))
    const child = fork(file, [String(FURTHER_BOARDS)], { execArgv: ["--import", "tsx"] })
    const [{ rss }] = (await once(child, "message")) as [{ rss: number }]
    const first = { ms: performance.now() - startedMs, mb: rss / 1e6 }
    const [further] = (await once(child, "message")) as [{ stressed: StartCost; plain: StartCost }]
    return { first, ...further }
}

/** Returns the resident memory of a process. Works only on Linux. */
function residentMb(pid: number): number {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024) / 1e6
}
