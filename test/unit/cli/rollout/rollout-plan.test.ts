// `moorage rollout plan` as a child process: output, report page, errors and option values.
import {
    chmodSync,
    existsSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { InvalidArgumentError } from "commander"
import type { Browser } from "playwright-core"
import * as v from "valibot"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { parsePositiveInteger, parseRate, parseFraction } from "../../../../tools/cli/option-parsers.js"
import {
    parseDays,
    parseHours,
    parseSlotTime,
    parseTimeZone,
    parseWaves,
} from "../../../../tools/cli/rollout/plan/plan-option-parsers.js"
import { ROLLOUT_PLAN } from "../../../../tools/fleet/rollout/index.js"
import { launchBrowser, overflowPx, visitFile, whyNoBrowser } from "../../../helpers/browser.js"
import { run, runOnFullDisk, start } from "../../../helpers/command.js"

const KEY = Buffer.alloc(32, 5).toString("base64")
const START = ["--start", "2026-11-30 08:00", "--time-zone", "Europe/Berlin"]

let dir: string
const path = (name: string) => join(dir, name)
beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-rollout-plan-"))
    const lines = Array.from({ length: 200 }, (_, i) => `board-${i},${KEY},hall 3`)
    writeFileSync(path("fleet.csv"), `registrationId,key,room\n${lines.join("\n")}\n`, { mode: 0o600 })
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const plan = (fleet: string, ...more: string[]) => run(["rollout", "plan", path(fleet), ...START, ...more])

test("prints batches, a plot and a prediction, writes the slots to the fleet file, and prints no key", async () => {
    const { code, stdout, stderr } = await plan("fleet.csv", "--registrations", "100/min")
    expect(code).toBe(0)
    expect(stdout).toMatch(/^200 boards in 4 waves and 4 batches; times in Europe\/Berlin\n/)
    expect(stdout).toContain("100 registrations per minute: 8 boards in each slot of 5 s, 96 per minute")
    expect(stdout).toMatch(
        /\n {2}1 +1 +2 +1 {2}Mon 2026-11-30 08:00 {2}08:00 {2}board-0 to board-1 \(lines 2 to 3\)\n/
    )
    expect(stdout).toMatch(/\n {2}200 │ .*█\n/)
    expect(stdout).toMatch(
        /\npredicted: 200 moored, the last one on Mon 2026-11-30 08:07; 0 calls throttled \(429\)\n$/
    )
    expect(stderr).toMatch(/^Written in [\d.]+ s: \S+fleet\.rollout\.json, \S+fleet\.csv\n$/)
    const lines = readFileSync(path("fleet.csv"), "utf8").split("\n")
    expect(lines[0]).toBe("registrationId,key,room,slot,slotSec,fleetN,fleetCps,load,wave,batch")
    expect(lines[1]).toBe(`board-0,${KEY},hall 3,0,5,200,1.6667,0.96,1,1`)
    expect(lines[200]).toBe(`board-199,${KEY},hall 3,12,5,200,1.6667,0.96,4,4`)
    expect(statSync(path("fleet.csv")).mode & 0o777).toBe(0o600)
    const made = readFileSync(path("fleet.rollout.json"), "utf8")
    expect(v.safeParse(ROLLOUT_PLAN, JSON.parse(made)).success).toBe(true)
    expect(made + stdout).not.toContain(KEY)
})

test("--json prints the plan of the file, and --dry-run does not modify the fleet file", async () => {
    const before = readFileSync(path("fleet.csv"), "utf8")
    const { code, stdout } = await plan("fleet.csv", "--json", "--dry-run", "--out", path("other.json"))
    expect(code).toBe(0)
    const printed = v.parse(ROLLOUT_PLAN, JSON.parse(stdout))
    expect(printed).toEqual(JSON.parse(readFileSync(path("other.json"), "utf8")))
    expect(printed.waves.map(({ boards }) => boards)).toEqual([2, 18, 80, 100])
    expect(readFileSync(path("fleet.csv"), "utf8")).toBe(before)
})

test("a long list of batches is shortened, and a new plan replaces the old plan", async () => {
    await plan("fleet.csv")
    const { code, stdout } = await plan(
        "fleet.csv",
        "--batch",
        "5",
        "--hours",
        "08:00-09:00",
        "--days",
        "mon-fri"
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/^200 boards in 4 waves and 41 batches/)
    expect(stdout).toContain("\n  ... 21 more batches\n")
    expect(stdout).toMatch(/\n {2}41 .* Tue 2026-12-01 08:\d\d /)
    expect(readFileSync(path("fleet.csv"), "utf8").split("\n")[0]).toBe(
        "registrationId,key,room,slot,slotSec,fleetN,fleetCps,load,wave,batch"
    )
})

describe("--report", () => {
    let browser: Browser | undefined
    beforeAll(async () => {
        if (whyNoBrowser === undefined) browser = await launchBrowser()
    })
    afterAll(() => browser?.close())

    test("writes a page that fits the window and needs no script or request", async context => {
        const report = path("plan.html")
        const { code, stderr } = await plan("fleet.csv", "--report", report)
        expect(code).toBe(0)
        expect(stderr).toContain(report)
        expect(readFileSync(report, "utf8")).not.toContain(KEY)
        if (!browser) return context.skip(whyNoBrowser)
        for (const width of [390, 1280]) {
            const { page, complaints } = await visitFile(browser, report, { width, colorScheme: "dark" })
            expect(await page.title()).toBe("200 boards in 4 waves and 4 batches")
            expect(await page.locator("h2").allTextContents()).toEqual(["Numbers", "Batches"])
            expect(await page.locator("svg:visible").count()).toBe(2)
            expect(await page.locator("#batches-heading ~ * tbody tr").count()).toBe(4)
            expect(await overflowPx(page)).toBe(0)
            expect(complaints).toEqual([])
            await page.context().close()
        }
    })
})

describe("errors", () => {
    /** Expects an error message, no plan, and an unchanged fleet file. */
    async function failing(code: number, message: RegExp, fleet: string, ...more: string[]): Promise<void> {
        const before = existsSync(path(fleet)) ? readFileSync(path(fleet), "utf8") : undefined
        const ended = await plan(fleet, ...more)
        expect(ended.stderr).toMatch(message)
        expect(ended.stderr).not.toContain("    at ")
        expect(ended.code).toBe(code)
        expect(ended.stdout).toBe("")
        expect(readdirSync(dir).filter(name => /rollout|\.new$/.test(name))).toEqual([])
        if (before !== undefined) expect(readFileSync(path(fleet), "utf8")).toBe(before)
    }

    test("all errors of the fleet file are listed, with exit code 2", async () => {
        const text = `registrationId,key\nb-1,\nB-1,\né,\n${"x".repeat(129)},\nb-2\n`
        writeFileSync(path("bad.csv"), text)
        await failing(
            2,
            /line 3: duplicate registration ID b-1 \(first on line 2\)\n.*line 4: .*"é".*\n.*line 5: .*129 characters.*\n.*line 6: has 1 fields.*\nNo plan was made\.\n$/,
            "bad.csv"
        )
        writeFileSync(path("bad.csv"), "id\nb-1\n")
        await failing(2, /column registrationId is missing/, "bad.csv")
        writeFileSync(path("bad.csv"), "registrationId,SLOTS\nb-1,1\n")
        await failing(2, /column SLOTS is not a setting/, "bad.csv")
    })

    test("a missing fleet file ends with exit code 1", () =>
        failing(1, /Cannot read .*none\.csv: ENOENT/, "none.csv"))

    test.each([
        [["--load", "0"], /Expected a share above 0/],
        [["--start", "2026-03-29 02:30"], /can be missing or ambiguous when the clock changes/],
        [["--slot", "2h", "--hours", "08:00-09:00"], /a slot of 7200 s does not fit/],
        [["--soak", "-1h"], /--soak must be 0 or more/],
    ])("%j ends with exit code 2 and a short message", (more, message) =>
        failing(2, message, "fleet.csv", ...more)
    )

    test("a plan that cannot be written leaves the fleet file unchanged", async () => {
        await failing(
            1,
            /Cannot write .*fleet\.csv\/plan\.json/,
            "fleet.csv",
            "--out",
            path("fleet.csv/plan.json")
        )
    })

    test.skipIf(process.getuid?.() === 0)("a missing write permission ends with exit code 1", async () => {
        chmodSync(dir, 0o500)
        await failing(1, /EACCES/, "fleet.csv", "--out", "/proc/none")
        chmodSync(dir, 0o700)
    })

    test("a full disk ends with exit code 1 and leaves no partial file", async () => {
        const lines = Array.from({ length: 5000 }, (_, i) => `board-${i},${KEY}`)
        const text = `registrationId,key\n${lines.join("\n")}\n`
        writeFileSync(path("many.csv"), text)
        // The limit of 200 KiB is less than the size of the fleet file with its new columns.
        const ended = await runOnFullDisk(["rollout", "plan", path("many.csv")], 204_800)
        expect(ended.stderr).toMatch(/^Cannot write \S+many\.csv: EFBIG/)
        expect(ended.code).toBe(1)
        expect(readdirSync(dir).sort()).toEqual(["fleet.csv", "many.csv"])
        expect(readFileSync(path("many.csv"), "utf8")).toBe(text)
    })

    test("SIGINT during the run ends with exit code 130, and no file is written", async () => {
        const lines = Array.from({ length: 200_000 }, (_, i) => `board-${i}`)
        const text = `registrationId\n${lines.join("\n")}\n`
        writeFileSync(path("large.csv"), text)
        const running = start(["rollout", "plan", path("large.csv")])
        // The plan is written before the fleet file, and a large fleet file takes a while.
        await expect.poll(() => existsSync(path("large.rollout.json.new"))).toBe(true)
        const { code, stdout, stderr } = await running.stop("SIGINT")
        expect(stderr).toBe("Interrupted: nothing was written.\n")
        expect(code).toBe(130)
        expect(stdout).toBe("")
        expect(readdirSync(dir).sort()).toEqual(["fleet.csv", "large.csv"])
        expect(readFileSync(path("large.csv"), "utf8")).toBe(text)
    })
})

describe("option values", () => {
    test("waves, hours, days and time zones are parsed", () => {
        expect(parseWaves("1%, 10%,0.5,100%")).toEqual([0.01, 0.1, 0.5, 1])
        expect(parseWaves("10%")).toEqual([0.1, 1])
        expect(parseHours("22:00-06:00")).toEqual({ from: "22:00", to: "06:00" })
        expect(parseDays("Sat-Sun,mon")).toEqual([1, 6, 7])
        expect(parseTimeZone("Europe/Berlin")).toBe("Europe/Berlin")
        expect(parseRate("1000/min")).toEqual({ calls: 1000, perSec: 60 })
    })

    test.each([
        [parseFraction, "110%"],
        [parseRate, "0/min"],
        [parseRate, "many"],
        [parseWaves, "10%,5%"],
        [parseWaves, "10%,10%"],
        [parseWaves, "0%,100%"],
        [parseHours, "08:00-25:00"],
        [parseHours, "08:00-08:00"],
        [parseHours, "8-17"],
        [parseDays, "mon-funday"],
        [parseDays, "fri-mon"],
        [parseDays, "mon-wed-fri"],
        [parseTimeZone, "Mars/Olympus"],
        [parseSlotTime, "1.5s"],
        [parseSlotTime, "2d"],
        [parsePositiveInteger, "0"],
    ])("%o rejects %j", (parse, text) => {
        expect(() => parse(text)).toThrow(InvalidArgumentError)
    })
})

test("--help shows examples and exit codes", async () => {
    const { code, stdout } = await run(["rollout", "plan", "--help"])
    expect(code).toBe(0)
    for (const text of ["Examples", "Exit codes", "--waves"]) expect(stdout).toContain(text)
})
