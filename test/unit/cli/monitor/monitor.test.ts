// `moorage monitor` as a child process, against an emulator in another process.
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Browser } from "playwright-core"
import * as v from "valibot"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { launchBrowser, overflowPx, visitFile, whyNoBrowser } from "../../../helpers/browser.js"
import { register } from "../../../helpers/registered-devices.js"
import { type CloudWorld, cloudWorld, GROUP_KEY, withWrongKey } from "../../../helpers/cloud-world.js"
import {
    FORBIDDEN,
    FORBIDDEN_DIR,
    run,
    runOnFullDisk,
    type Running,
    start,
} from "../../../helpers/command.js"
import { SURVEY } from "../../../helpers/json-schema.js"
import { Terminal, whyNoTmux } from "../../../helpers/tmux.js"

const BIN = fileURLToPath(new URL("../../../../tools/cli/moorage.mjs", import.meta.url))
const DEVICES = 12

let world: CloudWorld
beforeAll(async () => {
    world = await cloudWorld()
    await world.admin("POST", "/quotas", { dpsRegistrations: null, dpsOperations: null })
    for (let i = 0; i < DEVICES; i++) await register(world.card, `b-${i}`)
})
afterAll(() => world.close())
afterEach(async () => {
    await world.admin("DELETE", "/faults")
    await world.admin("POST", "/quotas", { dpsOperations: null })
})

const monitor = (...args: string[]) => run(["monitor", "--profile", world.profile, ...args])

function expectNoSecret(text: string): void {
    const { dps, hubs } = world.card
    const keys = [dps, ...hubs].map(
        ({ connectionString }) => /SharedAccessKey=(.*)/.exec(connectionString)?.[1]
    )
    for (const secret of [...keys, GROUP_KEY, "sig="]) expect(text).not.toContain(secret)
}

describe("a single survey", () => {
    test("as text contains the devices per enrollment, per hub and per hour", async () => {
        const { code, stdout, stderr } = await monitor()
        expect(stderr).toBe("")
        expect(code).toBe(0)
        expect(stdout).toMatch(
            /: 12 devices registered in 2 enrollment groups and 2 individual enrollments\n/
        )
        expect(stdout).toMatch(/\n {2}line-7 +12 +12\n/)
        expect(stdout).toMatch(/\n {2}line-8 \(disabled\) +0 +0\n/)
        expect(stdout).toContain("1 individual enrollment disabled: old")
        expect(stdout).toMatch(/\n {2}east\.azure-devices\.net +\d+ +[\d.]+ %\n/)
        expect(stdout).toMatch(/registrations over the last 5 days \(UTC; highest hour: 12\)/)
        expect(stdout).toContain(
            "The numbers are approximate, because a record has only the times of the first and the latest registration."
        )
        expect(stdout).toContain("█")
        expectNoSecret(stdout)
    })

    test("as JSON matches the schema and the registry", async () => {
        const { code, stdout } = await monitor("--json", "--days", "2")
        expect(code).toBe(0)
        const survey = v.parse(SURVEY, JSON.parse(stdout))
        const state = (await world.admin("GET", "/state")) as { registrations: number }
        expect(survey.registered).toBe(state.registrations)
        expect(survey.rate.byDay).toHaveLength(2)
        expect(survey.rate.byDay.reduce((sum, { first }) => sum + first, 0)).toBe(DEVICES)
        expect(survey.throttled).toBe(0)
        expectNoSecret(stdout)
    })

    test("as CSV has one number per row", async () => {
        const { code, stdout } = await monitor("--csv")
        expect(code).toBe(0)
        const [head, ...rows] = stdout.trim().split("\n")
        expect(head).toBe("what,name,measure,count")
        expect(rows).toContain("group,line-7,assigned,12")
        expect(rows).toContain("group,line-8,enabled,0")
        expect(rows.every(row => /,\d+$/.test(row))).toBe(true)
    })
})

describe("--report", () => {
    let browser: Browser | undefined
    beforeAll(async () => {
        if (whyNoBrowser === undefined) browser = await launchBrowser()
    })
    afterAll(() => browser?.close())

    test("writes a page that fits the window and needs no script or request", async context => {
        const report = world.path("fleet.html")
        const { code, stderr } = await monitor("--report", report)
        expect(code).toBe(0)
        expect(stderr).toContain(`Report: ${report}`)
        expectNoSecret(readFileSync(report, "utf8"))
        if (!browser) return context.skip(whyNoBrowser)
        for (const width of [390, 1280]) {
            const { page, complaints } = await visitFile(browser, report, { width, colorScheme: "light" })
            expect(await page.title()).toMatch(/^12 devices registered at /)
            expect(await page.locator("h2").allTextContents()).toEqual([
                "Numbers",
                "Enrollments",
                "Hubs",
                "Failures",
            ])
            expect(await page.locator("svg:visible").count()).toBe(1)
            expect(await overflowPx(page)).toBe(0)
            expect(complaints).toEqual([])
            await page.context().close()
        }
    })
})

describe("the live view", () => {
    test.skipIf(whyNoTmux)("updates itself, and restores the terminal at Ctrl-C", async () => {
        const terminal = new Terminal(100, 30)
        try {
            terminal.type(
                `${process.execPath} ${BIN} monitor --profile ${world.profile} --every 1s; echo code=$?`
            )
            await expect.poll(() => terminal.screen).toContain("12 devices registered")
            expect(terminal.state).toEqual({ isAlternate: true, isCursorShown: false })
            await expect.poll(() => terminal.screen).toContain("every 1 s; Ctrl-C quits")
            await register(world.card, "late")
            await expect.poll(() => terminal.screen).toContain("13 devices registered")
            await world.admin("POST", "/faults", { service: "dps", fault: { status: 401 } })
            await expect.poll(() => terminal.screen).toContain("NOT UP TO DATE")
            expect(terminal.screen).toContain("13 devices registered")
            terminal.press("C-c")
            await expect.poll(() => terminal.screen).toContain("code=0")
            expect(terminal.state).toEqual({ isAlternate: false, isCursorShown: true })
            expect(terminal.screen).not.toContain("devices registered")
        } finally {
            terminal.close()
        }
    })
    if (whyNoTmux) console.log(whyNoTmux)
})

describe("--prometheus", () => {
    test("serves the survey, and reports an outdated survey", async () => {
        const exporter = start(["monitor", "--profile", world.profile, "--prometheus", "0", "--every", "1s"])
        try {
            await expect.poll(() => exporter.stderr).toMatch(/http:\S+/)
            const url = /http:\S+/.exec(exporter.stderr)?.[0] ?? ""
            const metrics = async () => (await fetch(url)).text()
            await expect.poll(metrics).toContain("moorage_monitor_up 1")
            const text = await metrics()
            expect(text).toMatch(/moorage_dps_registered\{group="line-7",status="assigned"\} 1\d/)
            expect(text).toContain('moorage_dps_group_enabled{group="line-8"} 0')
            await world.admin("POST", "/faults", { service: "dps", fault: { status: 401 } })
            await expect.poll(metrics).toContain("moorage_monitor_up 0")
            expect(await metrics()).toMatch(/moorage_dps_registered\{group="line-7",status="assigned"\} 1\d/)
        } finally {
            expect((await exporter.stop("SIGTERM")).code).toBe(0)
        }
    })
})

describe("errors", () => {
    /** Expects an exit code, a message on stderr and an empty stdout. */
    async function failing(code: number, message: RegExp, ...args: string[]) {
        const ended = await run(args)
        expect(ended.stderr).toMatch(message)
        expect(ended.code).toBe(code)
        expect(ended.stdout).toBe("")
        expect(ended.stderr).not.toContain("    at ")
        expectNoSecret(ended.stderr)
    }

    test("a wrong key ends with exit code 1, and the message names its policy", async () => {
        const profile = world.file("wrong.json", JSON.stringify(withWrongKey(world.card)))
        const message = /rejects the key: 401.*policy provisioningserviceowner/
        await failing(1, message, "monitor", "--profile", profile)
    })

    test("throttling by DPS ends with exit code 1 and a message", async () => {
        await world.admin("POST", "/quotas", { dpsOperations: { calls: 1, perSec: 3600 } })
        const { code, stdout, stderr } = await monitor("--json")
        expect(stderr).toMatch(/throttles: 429, retry after \d+ s/)
        expect(code).toBe(1)
        expect(JSON.parse(stdout)).toMatchObject({ error: { code: "SERVICE_THROTTLED" } })
        expectNoSecret(stdout + stderr)
    })

    test("a missing DPS, a wrong option and two output formats end with exit code 2", async () => {
        const profile = world.file("none.yaml", "idScope: 0ne1\n")
        await failing(2, /No DPS specified/, "monitor", "--profile", profile)
        await failing(2, /Expected a number above 0 per s, min or h/, "monitor", "--rate", "many")
        const both = await run(["monitor", "--profile", profile, "--json", "--csv"])
        expect(both).toMatchObject({ code: 2, stderr: "--json and --csv are mutually exclusive.\n" })
        await failing(2, /Cannot read \/none/, "monitor", "--profile", "/none")
    })

    test("a report that cannot be written ends with exit code 1 and leaves no file", async () => {
        const forbidden = await monitor("--report", `${FORBIDDEN_DIR}/fleet.html`)
        expect(forbidden.stderr).toMatch(/^Cannot write \/sys\/fleet\.html: /)
        expect(forbidden.stderr).toMatch(FORBIDDEN)
        expect(forbidden.code).toBe(1)
        const report = world.path("full.html")
        const args = ["monitor", "--profile", world.profile, "--report", report]
        const full = await runOnFullDisk(args, 1024)
        expect(full.stderr).toMatch(/^Cannot write \S+full\.html: EFBIG/)
        expect(full.code).toBe(1)
        expect(full.stdout).toBe("")
        expect([report, `${report}.new`].filter(file => existsSync(file))).toEqual([])
    })

    test("an invalid key ends with exit code 2 and is not printed", async () => {
        const { card } = world
        const connectionString = card.dps.connectionString.replace(
            /SharedAccessKey=.*/,
            "SharedAccessKey=dG9v"
        )
        const profile = world.file(
            "short.json",
            JSON.stringify({ ...card, dps: { ...card.dps, connectionString } })
        )
        await failing(
            2,
            /SharedAccessKey is not Base64 of at least 16 bytes/,
            "monitor",
            "--profile",
            profile
        )
        expect((await run(["monitor", "--profile", profile])).stderr).not.toContain("dG9v")
    })

    /** Starts a slow survey and waits for its first request. */
    async function startSlowSurvey(...args: string[]): Promise<Running> {
        const before = await world.httpCalls()
        const running = start(["monitor", "--profile", world.profile, "--rate", "20/min", ...args])
        await expect.poll(() => world.httpCalls()).toBeGreaterThan(before)
        return running
    }

    test("SIGINT during the survey ends with exit code 130, and nothing is written", async () => {
        const report = world.path("interrupted.html")
        const running = await startSlowSurvey("--report", report, "--json")
        const { code, stdout, stderr } = await running.stop("SIGINT")
        expect(stderr).toMatch(/^Interrupted/)
        expect(code).toBe(130)
        expect(stdout).toBe("")
        expect(existsSync(report)).toBe(false)
    })

    test("an outage of DPS during the survey ends with exit code 1, and nothing is written", async () => {
        const other = await cloudWorld()
        try {
            const report = other.path("down.html")
            const args = ["--profile", other.profile, "--rate", "20/min", "--give-up-after", "1s"]
            const running = start(["monitor", ...args, "--report", report])
            await expect.poll(() => other.httpCalls()).toBeGreaterThan(0)
            await other.emulator.stop()
            const { code, stdout, stderr } = await running.end()
            expect(stderr).toMatch(/Cannot reach moorage\.azure-devices-provisioning\.net at 127\.0\.0\.1/)
            expect(code).toBe(1)
            expect(stdout).toBe("")
            expect(existsSync(report)).toBe(false)
        } finally {
            await other.close()
        }
    })
})

test("a connection string from the environment replaces the profile", async () => {
    const { card, path } = world
    const address = ["--connect", `127.0.0.1:${card.httpsPort}`, "--ca", path("ca.pem")]
    const env = { PROVISIONING_CONNECTION_STRING: card.dps.connectionString }
    const { code, stdout } = await run(["monitor", ...address, "--json"], env)
    expect(code).toBe(0)
    expect(v.parse(SURVEY, JSON.parse(stdout)).dps).toBe(card.dps.hostName)
})

test("--help shows examples and exit codes", async () => {
    const { code, stdout } = await run(["monitor", "--help"])
    expect(code).toBe(0)
    for (const text of ["Examples", "Exit codes", "PROVISIONING_CONNECTION_STRING"])
        expect(stdout).toContain(text)
})
