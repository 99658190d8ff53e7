// The behaviour of commands whose standard output is closed or full.
import { spawn } from "node:child_process"
import { existsSync, openSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { BIN, type Ended, Running } from "../../helpers/command.js"

/** Runs a command whose standard output is a full disk, or a pipe that its reader closes immediately. */
function runWithLostOutput(stdout: "closed" | "full", ...args: string[]): Promise<Ended> {
    const out = stdout === "full" ? openSync("/dev/full", "w") : "pipe"
    const child = spawn(process.execPath, [BIN, ...args], { stdio: ["ignore", out, "pipe"] })
    child.stdout?.destroy()
    return new Running(child).end()
}

const FULL = /^Cannot write the standard output: ENOSPC: .*\n$/
const noFull = existsSync("/dev/full") ? "" : " (skipped: this machine has no /dev/full)"

describe("lost output", () => {
    test.each([
        ["simulate", "--list"],
        ["completion", "bash"],
    ])("a closed pipe is not an error, and nothing is reported: %s %s", async (...args) => {
        expect(await runWithLostOutput("closed", ...args)).toMatchObject({ code: 0, stderr: "" })
    })

    test("a closed pipe ends a longer command like an interrupt", async () => {
        const { code, stderr } = await runWithLostOutput("closed", "doctor", "--offline")
        expect(code).toBe(130)
        expect(stderr).toBe("Interrupted: some checks did not run.\n")
    })

    test.skipIf(noFull !== "")(
        `a full disk is reported in one line, without a stack trace${noFull}`,
        async () => {
            const { code, stderr } = await runWithLostOutput("full", "simulate", "--list")
            expect(code).toBe(1)
            expect(stderr).toMatch(FULL)
        }
    )
})
