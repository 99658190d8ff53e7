// `moorage simulate` and `moorage replay` as child processes.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
    loadImages,
    builtinPlans,
    type RunResult,
    type SimulationSummary,
} from "../../../../tools/simulator/index.js"
import { run, start } from "../../../helpers/command.js"

const PLAN = `
name: small
about: Two boards and a power cut.
durationSec: 700
boards: { count: 2 }
mooredWithinSec: 500
events:
    - { do: powerCut, atSec: 100, share: 1, forSec: 20 }
`

let dir: string
let plan: string

beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "moorage-simulate-"))
    plan = join(dir, "small.yaml")
    writeFileSync(plan, PLAN)
    // Builds the firmware first, so that no command below has to build it.
    await loadImages()
})

afterAll(() => rmSync(dir, { recursive: true, force: true }))

function file(name: string, text: string): string {
    const path = join(dir, name)
    writeFileSync(path, text)
    return path
}

describe("moorage simulate", () => {
    test("runs a plan and prints one screen", async () => {
        const { code, stdout, stderr } = await run(["simulate", plan])
        expect(stderr).toBe("")
        expect(code).toBe(0)
        expect(stdout).toMatch(/small, seed 1: 2 boards, 11 min 40 s of virtual time/)
        expect(stdout).toMatch(/moored +2 of 2/)
        expect(stdout).toMatch(/all \d+ hold/)
        expect(stdout.split("\n").length).toBeLessThan(24)
    })

    test("--json prints the result, --trace writes every event, and both are reproducible", async () => {
        const trace = join(dir, "run.jsonl")
        const first = await run(["simulate", plan, "--seed", "3", "--json", "--trace", trace])
        const lines = readFileSync(trace, "utf8")
        const again = await run(["simulate", plan, "--seed", "3", "--json", "--trace", trace])
        expect(again.stdout).toBe(first.stdout)
        expect(readFileSync(trace, "utf8")).toBe(lines)
        const result = JSON.parse(first.stdout) as RunResult
        expect(result).toMatchObject({ plan: "small", seed: 3, boards: 2, moored: 2, violationCount: 0 })
        expect(lines.trim().split("\n").length).toBe(result.totals.traceEvents)
        expect(JSON.parse(lines.split("\n")[0])).toMatchObject({ ms: 0, kind: "power" })
    })

    test("--seeds prints a summary, and --merge makes the same summary from the parts of several machines", async () => {
        const out = join(dir, "parts")
        const whole = await run(["simulate", plan, "--seeds", "1..4", "--json"])
        expect(whole.code).toBe(0)
        const part = (index: string) =>
            run(["simulate", plan, "--seeds-per-index", "2", "--out", out], { JOB_COMPLETION_INDEX: index })
        expect((await part("0")).code).toBe(0)
        expect((await part("1")).code).toBe(0)
        expect(readdirSync(out).sort()).toEqual(["small-1-2.json", "small-3-4.json"])
        const merged = await run(["simulate", "--merge", out, "--json"])
        expect(merged.code).toBe(0)
        expect(JSON.parse(merged.stdout)).toEqual(JSON.parse(whole.stdout))
        expect((JSON.parse(merged.stdout) as SimulationSummary).seeds.map(({ seed }) => seed)).toEqual([
            1, 2, 3, 4,
        ])
    })

    test("a violated invariant ends with exit code 1 and prints the events, a replay command and a smaller plan", async () => {
        const bad = file("bad.yaml", PLAN.replace("mooredWithinSec: 500", "mooredWithinSec: 1"))
        const { code, stderr } = await run(["simulate", bad, "--seed", "9"])
        expect(code).toBe(1)
        expect(stderr).toContain("VIOLATION of moored: Every board is moored within a time limit")
        expect(stderr).toContain(`moorage simulate ${bad} --seed 9`)
        expect(stderr).toMatch(/moorage replay \S+ --seed 9 --id board-\d/)
        expect(stderr).toMatch(/smallest plan found in \d+ tries/)
        const smaller = file("smaller.yaml", stderr.slice(stderr.indexOf("name: small")))
        const again = await run(["simulate", smaller, "--seed", "9", "--shrink-tries", "0"])
        expect(again.code).toBe(1)
        expect(again.stderr).toContain("VIOLATION of moored")
    })

    test("--report writes a page that names the plan", async () => {
        const report = join(dir, "report.html")
        const { code } = await run(["simulate", plan, "--report", report])
        expect(code).toBe(0)
        expect(readFileSync(report, "utf8")).toMatch(/^<!doctype html>[\s\S]+small/i)
    })

    test("--list prints the names of the built-in plans", async () => {
        const { code, stdout } = await run(["simulate", "--list"])
        expect(code).toBe(0)
        for (const name of builtinPlans()) expect(stdout).toContain(name)
    })

    test.each([
        [["simulate"], /No plan specified/],
        [["simulate", "no-such-plan"], /There is no plan or file no-such-plan\. .*onboarding/],
        [["simulate", "everything", "--seeds", "5..2"], /Expected a range of seeds, for example 1\.\.100/],
        [["simulate", "everything", "--boards", "0"], /Expected an integer of 1 or more/],
        [["simulate", "everything", "--seeds", "1..2", "--trace", "x"], /--trace requires a single seed/],
    ])("%j ends with exit code 2 and a short message", async (args, message) => {
        const { code, stderr } = await run(args)
        expect(stderr).toMatch(message)
        expect(code).toBe(2)
        expect(stderr).not.toContain("    at ")
    })

    test("a trace that cannot be written ends with exit code 1, even in a short run", async () => {
        const { code, stderr } = await run(["simulate", plan, "--trace", dir])
        expect(stderr).toMatch(/^Cannot write .*: EISDIR/)
        expect(stderr).not.toContain("    at ")
        expect(code).toBe(1)
    })

    test("all errors of a plan are listed with their line numbers, and nothing runs", async () => {
        const wrong = file(
            "wrong.yaml",
            "name: Wrong Name\ndurationSec: 10\nboards: { count: 0 }\nevents:\n    - { do: dance, atSec: 1 }\nspeed: 9\n"
        )
        const { code, stdout, stderr } = await run(["simulate", wrong])
        expect(code).toBe(2)
        expect(stdout).toBe("")
        for (const message of [
            /line 1, name: /,
            /line 3, boards\.count: /,
            /line 5, events\[0\]\.do/,
            /speed: is not a known field/,
        ])
            expect(stderr).toMatch(message)
    })

    test("a plan that is too short for its time limit is rejected with both durations", async () => {
        const short = file("short.yaml", PLAN.replace("durationSec: 700", "durationSec: 200"))
        const { code, stderr } = await run(["simulate", short])
        expect(code).toBe(2)
        expect(stderr).toContain("200 is too short (minimum 620). The last fault ends at 120 s")
    })

    test("a folder that cannot be written or merged ends with exit code 1 and a short message", async () => {
        const { code, stderr } = await run(["simulate", plan, "--out", join(plan, "x")])
        expect(code).toBe(1)
        expect(stderr).toMatch(/^Cannot write /)
        const none = await run(["simulate", "--merge", dir])
        expect(none.code).toBe(1)
        expect(none.stderr).toMatch(/No \.json file in /)
    })

    test("SIGINT ends with exit code 130 and a message, and leaves no partial file", async () => {
        const out = join(dir, "interrupted")
        const running = start(["simulate", "everything", "--seeds", "1..50", "--jobs", "1", "--out", out])
        await expect.poll(() => running.stderr).toContain("50 seeds on 1 threads")
        const { code, stderr } = await running.stop("SIGINT")
        expect(stderr).toContain("Interrupted")
        expect(code).toBe(130)
        expect(() => readdirSync(out)).toThrow()
    })
})

describe("moorage replay", () => {
    test("prints the events of one board and of the cloud", async () => {
        const { code, stdout } = await run(["replay", plan, "--seed", "1", "--id", "board-1"])
        expect(code).toBe(0)
        const lines = stdout.trim().split("\n")
        expect(lines[0]).toMatch(/0\.000 s +board-1 +power on/)
        expect(lines.some(line => line.includes("powerCut for 20 s"))).toBe(true)
        expect(lines.every(line => !line.includes("board-0"))).toBe(true)
    })

    test("--json prints JSON lines, and --from and --to limit the time range", async () => {
        const args = ["replay", plan, "--id", "board-0", "--json", "--from", "100", "--to", "130"]
        const { stdout } = await run(args)
        const facts = stdout
            .trim()
            .split("\n")
            .map(line => JSON.parse(line) as { ms: number })
        expect(facts.length).toBeGreaterThan(3)
        expect(facts.every(({ ms }) => ms >= 100_000 && ms <= 130_000)).toBe(true)
    })

    test("an unknown board ends with exit code 2", async () => {
        const { code, stderr } = await run(["replay", plan, "--id", "board-7"])
        expect(code).toBe(2)
        expect(stderr).toContain("Unknown board board-7 in plan small (boards: board-0 to board-1).")
    })
})
