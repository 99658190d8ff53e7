import { fork, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { buildFirmware } from "@moorage/vm"

const DEVS = "node_modules/@devicescript/cli/devicescript"
const MORE = 200

/** Until the program's first line: wall time from the start of the process, and what the process holds then. */
export interface Start {
    ms: number
    mb: number
}

/** `devs run` with the probe program, compiled already; it collects garbage before each allocation. */
export async function officialStart(): Promise<Start> {
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

/** The same program on a board in a process of its own; on each further one there (CPU time), with that and without. */
export async function boardStart(): Promise<{ first: Start; stressed: Start; plain: Start }> {
    const startedMs = performance.now()
    const file = fileURLToPath(new URL("greeting.ts", import.meta.url))
    const child = fork(file, [String(MORE)], { execArgv: ["--import", "tsx"] })
    const [{ rss }] = (await once(child, "message")) as [{ rss: number }]
    const first = { ms: performance.now() - startedMs, mb: rss / 1e6 }
    const [further] = (await once(child, "message")) as [{ stressed: Start; plain: Start }]
    return { first, ...further }
}

/** Linux only. */
function residentMb(pid: number): number {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024) / 1e6
}
