// Runs the real `moorage` command as a child process.
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

/** A running command, with its output so far. */
export class Running {
    stdout = ""
    stderr = ""
    private readonly ended: Promise<number | null>

    constructor(readonly child: ChildProcess) {
        child.stdout?.on("data", chunk => (this.stdout += String(chunk)))
        child.stderr?.on("data", chunk => (this.stderr += String(chunk)))
        this.ended = once(child, "close").then(([code]) => code as number | null)
    }

    /** Waits for the end of the command. */
    async end(): Promise<Ended> {
        const code = await this.ended
        return { code, stdout: this.stdout, stderr: this.stderr }
    }

    /** Sends a signal and waits for the end of the command. */
    stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
        this.child.kill(signal)
        return this.end()
    }
}

/** Starts a command. @param input its standard input (default: empty) */
export function start(args: string[], env: Record<string, string> = {}, input?: string | Readable): Running {
    const all = { ...process.env, ...env }
    const stdin = input === undefined ? "ignore" : "pipe"
    const child = spawn(process.execPath, [BIN, ...args], { env: all, stdio: [stdin, "pipe", "pipe"] })
    if (child.stdin && input !== undefined) {
        // The command may end before it has read all input.
        child.stdin.on("error", () => undefined)
        Readable.from(input).pipe(child.stdin)
    }
    return new Running(child)
}

/** Runs a command and waits for its end. */
export function run(args: string[], env?: Record<string, string>, input?: string | Readable): Promise<Ended> {
    return start(args, env, input).end()
}

/** Starts `moorage emulate --json` on free ports, and waits for its card. */
export async function emulate(...args: string[]): Promise<{ emulator: Running; card: Card }> {
    const ports = ["--mqtt-port", "0", "--https-port", "0", "--admin-port", "0"]
    const emulator = start(["emulate", "--json", ...ports, ...args])
    while (!emulator.stdout.includes("\n")) {
        const output = once(emulator.child.stdout as NodeJS.ReadableStream, "data")
        const exited = emulator.end().then(ended => {
            throw new Error(`moorage emulate ended before it printed its card: ${ended.stderr}`)
        })
        await Promise.race([output, exited])
    }
    return { emulator, card: JSON.parse(emulator.stdout) as Card }
}

/** Runs a command with a limit on file sizes, to simulate a full disk. @param bytes limit, a multiple of 512 */
export function runOnFullDisk(args: string[], bytes: number, env?: Record<string, string>): Promise<Ended> {
    const script = `ulimit -f ${bytes / 512}; exec "$@"`
    const child = spawn("sh", ["-c", script, "sh", process.execPath, BIN, ...args], {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
    })
    return new Running(child).end()
}

/** A folder in which not even root can create a file, and the error of the system. */
export const FORBIDDEN_DIR = "/sys"
export const FORBIDDEN = /EACCES|EPERM|EROFS/
