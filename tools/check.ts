// `npm test`: runs the checks (format, lint, types, spelling, unused code) in parallel, then all tests. The last line
// counts the tests.
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { realClock } from "@moorage/runtime"

interface CheckStep {
    name: string
    args: string[]
}

interface StepOutcome {
    ok: boolean
    output: string
    seconds: string
}

const bin = (path: string) => join("node_modules", path)

const CHECKS: CheckStep[] = [
    {
        name: "format (prettier)",
        args: [bin("prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", "."],
    },
    { name: "lint (eslint)", args: [bin("eslint/bin/eslint.js"), "--max-warnings", "0", "."] },
    { name: "types host (tsc)", args: [bin("typescript/bin/tsc"), "-p", "tsconfig.json"] },
    { name: "types device (tsc)", args: [bin("typescript/bin/tsc"), "-p", "tsconfig.device.json"] },
    { name: "types src (tsc)", args: [bin("typescript/bin/tsc"), "-p", "src/tsconfig.json"] },
    {
        name: "spelling (cspell)",
        args: [bin("cspell/bin.mjs"), "lint", "--no-progress", "--no-summary", "."],
    },
    {
        name: "unused code and packages (knip)",
        args: [bin("knip/bin/knip.js"), "--no-progress", "--no-config-hints"],
    },
]

/** Runs a step to its end. @param isShown prints the output immediately; without it the output is returned */
function run(step: CheckStep, isShown: boolean): Promise<StepOutcome> {
    const startMs = realClock.nowMs()
    return new Promise(resolve => {
        const stdio: "inherit" | "pipe" = isShown ? "inherit" : "pipe"
        const child = spawn(process.execPath, step.args, { stdio: ["ignore", stdio, stdio] })
        let output = ""
        child.stdout?.on("data", data => (output += data))
        child.stderr?.on("data", data => (output += data))
        child.on("error", error => resolve({ ok: false, output: error.message, seconds: "0" }))
        child.on("close", code => {
            const seconds = ((realClock.nowMs() - startMs) / 1000).toFixed(1)
            resolve({ ok: code === 0, output, seconds })
        })
    })
}

/** Reads the JSON report of Vitest and returns `N passed, N failed, N skipped`. A file that did not load counts as failed. */
function countTests(file: string): { line: string; ok: boolean } {
    try {
        const report = JSON.parse(readFileSync(file, "utf8"))
        const failedToLoad = report.testResults.filter(
            (suite: { status: string; assertionResults: unknown[] }) =>
                suite.status === "failed" && suite.assertionResults.length === 0
        ).length
        const failed = report.numFailedTests + failedToLoad
        const skipped = report.numPendingTests + report.numTodoTests
        const line = `${report.numPassedTests} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`
        return { line, ok: failed === 0 && report.numPassedTests > 0 }
    } catch {
        return { line: "0 passed, 1 failed", ok: false }
    }
}

async function main(): Promise<number> {
    const outcomes = await Promise.all(CHECKS.map(step => run(step, false)))
    outcomes.forEach(({ ok, output, seconds }, i) => {
        console.log(`${ok ? "ok  " : "FAIL"} ${CHECKS[i].name} (${seconds} s)`)
        if (!ok) console.log(output.trim())
    })
    const checksPassed = outcomes.every(({ ok }) => ok)
    const folder = mkdtempSync(join(tmpdir(), "moorage-test-"))
    const report = join(folder, "report.json")
    try {
        const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`]
        const args = [bin("vitest/vitest.mjs"), "run", ...reporters, ...process.argv.slice(2)]
        const tests = await run({ name: "vitest", args }, true)
        const { line, ok } = countTests(report)
        if (!checksPassed) console.log("A check before the tests failed. See the top of the output.")
        console.log(line)
        return checksPassed && tests.ok && ok ? 0 : 1
    } finally {
        rmSync(folder, { recursive: true, force: true })
    }
}

process.exitCode = await main()
