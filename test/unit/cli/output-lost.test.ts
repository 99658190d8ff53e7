// What a command does when nobody takes what it prints.
import { spawn } from "node:child_process"
import { existsSync, openSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { BIN, type Ended, Running } from "../../helpers/command.js"

/** Runs it with a standard output that is a full disk, or whose reader goes at once. */
function runUnheard(stdout: "gone" | "full", ...args: string[]): Promise<Ended> {
    const out = stdout === "full" ? openSync("/dev/full", "w") : "pipe"
    const child = spawn(process.execPath, [BIN, ...args], { stdio: ["ignore", out, "pipe"] })
    child.stdout?.destroy()
    return new Running(child).end()
}

const FULL = /^Cannot write the standard output: ENOSPC: .*\n$/
const noFull = existsSync("/dev/full") ? "" : " (skipped: no /dev/full here)"

describe("output that nobody takes", () => {
    test.each([
        ["simulate", "--list"],
        ["completion", "bash"],
    ])("a reader that has gone is no failure, and nothing is said: %s %s", async (...args) => {
        expect(await runUnheard("gone", ...args)).toMatchObject({ code: 0, stderr: "" })
    })

    test("a command that has more to do ends in order", async () => {
        const { code, stderr } = await runUnheard("gone", "doctor", "--offline")
        expect(code).toBe(130)
        expect(stderr).toBe("Interrupted: some checks did not run.\n")
    })

    test.skipIf(noFull !== "")(
        `a full disk is told in one line, without a stack trace${noFull}`,
        async () => {
            const { code, stderr } = await runUnheard("full", "simulate", "--list")
            expect(code).toBe(1)
            expect(stderr).toMatch(FULL)
        }
    )
})
