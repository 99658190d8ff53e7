// The real `moorage` command as a child process.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import type { Card } from "../../tools/cli/emulate/connection-card.js"

export const BIN = fileURLToPath(new URL("../../tools/cli/moorage.mjs", import.meta.url))

export interface Ended {
    code: number | null
    stdout: string
    stderr: string
}

/** A command that runs until it is stopped. */
export class Running {
    stdout = ""
    stderr = ""
    private readonly ended: Promise<number | null>

    constructor(readonly child: ChildProcess) {
        child.stdout?.on("data", chunk => (this.stdout += String(chunk)))
        child.stderr?.on("data", chunk => (this.stderr += String(chunk)))
        this.ended = once(child, "close").then(([code]) => code as number | null)
    }

    async end(): Promise<Ended> {
        const code = await this.ended
        return { code, stdout: this.stdout, stderr: this.stderr }
    }

    stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
        this.child.kill(signal)
        return this.end()
    }
}

/** @param input what it reads from its standard input; nothing unless given */
export function start(args: string[], env: Record<string, string> = {}, input?: string | Readable): Running {
    const all = { ...process.env, ...env }
    const stdin = input === undefined ? "ignore" : "pipe"
    const child = spawn(process.execPath, [BIN, ...args], { env: all, stdio: [stdin, "pipe", "pipe"] })
    if (child.stdin && input !== undefined) {
        // It may end without reading all of it.
        child.stdin.on("error", () => undefined)
        Readable.from(input).pipe(child.stdin)
    }
    return new Running(child)
}

/** Runs a command to its end. */
export function run(args: string[], env?: Record<string, string>, input?: string | Readable): Promise<Ended> {
    return start(args, env, input).end()
}

/** `moorage emulate --json` on free ports, once its card is there. */
export async function emulate(...args: string[]): Promise<{ emulator: Running; card: Card }> {
    const ports = ["--mqtt-port", "0", "--https-port", "0", "--admin-port", "0"]
    const emulator = start(["emulate", "--json", ...ports, ...args])
    while (!emulator.stdout.includes("\n")) {
        const more = once(emulator.child.stdout as NodeJS.ReadableStream, "data")
        const gone = emulator.end().then(ended => {
            throw new Error(`ended before its card: ${ended.stderr}`)
        })
        await Promise.race([more, gone])
    }
    return { emulator, card: JSON.parse(emulator.stdout) as Card }
}

/** Runs a command that can write `bytes` to a file and no more, as on a full disk; in steps of 512. */
export function runOnFullDisk(args: string[], bytes: number, env?: Record<string, string>): Promise<Ended> {
    const script = `ulimit -f ${bytes / 512}; exec "$@"`
    const child = spawn("sh", ["-c", script, "sh", process.execPath, BIN, ...args], {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
    })
    return new Running(child).end()
}

/** Where nobody may make a file, root included, and what the system says to that. */
export const FORBIDDEN_DIR = "/sys"
export const FORBIDDEN = /EACCES|EPERM|EROFS/
