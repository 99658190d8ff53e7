// `moorage rollout run` as a child process, against an emulator in another process.
import { existsSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import * as v from "valibot"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { register } from "../../../helpers/registered-devices.js"
import { type CloudWorld, cloudWorld, GROUP_KEY, withWrongKey } from "../../../helpers/cloud-world.js"
import { run, type Running, start } from "../../../helpers/command.js"
import { Terminal, whyNoTmux } from "../../../helpers/tmux.js"

const BIN = fileURLToPath(new URL("../../../../tools/cli/moorage.mjs", import.meta.url))

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const at = { utc: v.pipe(v.string(), v.isoTimestamp()) }
const numbers = { wave: count, boards: count, registered: count, failed: count }
const board = v.strictObject({ line: count, id: v.string() })
const reason = v.strictObject({
    kind: v.picklist(["failures", "throttled", "late", "blind"]),
    text: v.string(),
    cure: v.string(),
})
const event = <T extends v.ObjectEntries, E extends string>(name: E, entries: T) =>
    v.strictObject({ ...at, event: v.literal(name), ...entries })

/** The documented form of each line of `--json`. */
const EVENT = v.variant("event", [
    event("begun", { dps: v.string(), boards: count, batches: count, openedBefore: count }),
    event("waiting", { batch: count, wave: count, untilUtc: at.utc }),
    event("open", { batch: count, wave: count, boards: count, slots: count, first: board, last: board }),
    event("look", { ...numbers, predicted: count, throttled: count, lateSec: count }),
    event("watching", numbers),
    event("held", {
        ...numbers,
        batch: v.nullable(count),
        reasons: v.array(reason),
        failures: v.array(v.unknown()),
    }),
    event("cleared", { wave: count }),
    event("waveDone", { ...numbers, isByHand: v.boolean() }),
    event("done", { boards: count, registered: count, missing: count, missingIds: v.array(v.string()) }),
    event("stopped", { isHeld: v.boolean(), openedBatches: count }),
])

let world: CloudWorld
let number = 0
let fleet: string
let plan: string
let ids: string[]

beforeAll(async () => {
    world = await cloudWorld()
    await world.admin("POST", "/quotas", { dpsRegistrations: null, dpsOperations: null })
})
afterAll(() => world.close())

/** Plans six new boards in waves of two and four boards, with one slot of one second per board. */
beforeEach(async () => {
    number++
    ids = Array.from({ length: 6 }, (_, i) => `f${number}-${i}`)
    fleet = world.file(`fleet-${number}.csv`, `registrationId\n${ids.join("\n")}\n`)
    plan = world.path(`fleet-${number}.rollout.json`)
    const planned = await run([
        "rollout",
        "plan",
        fleet,
        "--waves",
        "30%",
        "--registrations",
        "60/min",
        "--load",
        "1",
    ])
    expect(planned.stderr).toMatch(/^Written/)
})
afterEach(() => rmSync(world.path("ids"), { force: true }))

const ARGS = ["--now", "--every", "1s", "--rate", "100/s"]
const argsOf = (...more: string[]) => ["rollout", "run", plan, "--fleet", fleet, ...ARGS, ...more]
const running = (...more: string[]): Running => start(argsOf("--profile", world.profile, ...more))
const ended = (...more: string[]) => run(argsOf("--profile", world.profile, ...more))

function expectNoSecret(text: string): void {
    const { dps } = world.card
    const key = /SharedAccessKey=(.*)/.exec(dps.connectionString)?.[1] ?? ""
    for (const secret of [key, GROUP_KEY, "sig="]) expect(text).not.toContain(secret)
}

const registerAll = (boardIds: string[]) => Promise.all(boardIds.map(id => register(world.card, id)))

describe("a roll-out", () => {
    test("powers on the batches with a command, and its JSON matches the schema", async () => {
        const hook = `cat "$MOORAGE_IDS_FILE" > ${world.path("ids")}.new && mv ${world.path("ids")}.new ${world.path("ids")} && echo wave $MOORAGE_WAVE of $MOORAGE_BOARDS`
        const rollout = running("--json", "--exec", hook)
        const idsFile = () => (existsSync(world.path("ids")) ? readFileSync(world.path("ids"), "utf8") : "")
        await expect.poll(idsFile).toBe(`${ids.slice(0, 2).join("\n")}\n`)
        await registerAll(ids.slice(0, 2))
        await expect.poll(idsFile).toBe(`${ids.slice(2).join("\n")}\n`)
        await registerAll(ids.slice(2))
        const { code, stdout, stderr } = await rollout.end()
        expect(stderr).toBe("wave 1 of 2\nwave 2 of 4\n")
        expect(code).toBe(0)
        const events = stdout
            .trim()
            .split("\n")
            .map(line => v.parse(EVENT, JSON.parse(line)))
        expect(events.map(({ event: name }) => name).filter(name => !/look|watching/.test(name))).toEqual([
            "begun",
            "open",
            "waveDone",
            "open",
            "waveDone",
            "done",
        ])
        expect(events.at(-1)).toMatchObject({ boards: 6, registered: 6, missing: 0 })
        const monitor = await run(["monitor", "--profile", world.profile, "--json"])
        expect((JSON.parse(monitor.stdout) as { registered: number }).registered).toBeGreaterThanOrEqual(6)
        expectNoSecret(stdout + readFileSync(`${plan.replace(/\.json$/, "")}.state`, "utf8"))
    })

    test("ends with exit code 130 at SIGINT, and the same command continues", async () => {
        const first = running()
        await expect.poll(() => first.stdout).toContain("POWER ON batch 1 (wave 1), 2 boards:")
        expect(first.stdout).toContain(`${ids[0]} to ${ids[1]} (lines 2 to 3); they register within 2 s`)
        await expect.poll(() => first.stdout).toContain("0 of 2 registered")
        const { code, stderr } = await first.stop("SIGINT")
        expect(stderr).toMatch(
            /^Interrupted\. Run the same command to continue\. \S+\.state records the progress\.\n$/
        )
        expect(code).toBe(130)
        await registerAll(ids.slice(0, 2))
        const second = running()
        await expect.poll(() => second.stdout).toContain("POWER ON batch 2")
        await registerAll(ids.slice(2))
        const again = await second.end()
        expect(again.code).toBe(0)
        expect(again.stdout).toContain("6 boards in 2 batches, 1 of them in an earlier run")
        expect(again.stdout).not.toContain("POWER ON batch 1")
        expect(again.stdout).toMatch(/Done: 6 of 6 boards registered\.\n$/)
        const over = await ended()
        expect(over.code).toBe(0)
        expect(over.stdout).toMatch(/Done: 6 of 6 boards registered\.\n$/)
    })

    test("locks its state file, and a run after a crash takes over the lock", async () => {
        const state = `${plan.replace(/\.json$/, "")}.state`
        const first = running()
        await expect.poll(() => first.stdout).toContain("POWER ON batch 1")
        const second = await ended("--exec", "echo powered on twice")
        expect(second.stderr).toMatch(
            new RegExp(
                `^\\S+\\.state is in use by another run \\(process ${first.child.pid}\\)\\. End that run first\\.`
            )
        )
        expect(second).toMatchObject({ code: 1, stdout: "" })
        await expect.poll(() => first.stdout).toContain("0 of 2 registered")
        await first.stop("SIGKILL")
        expect(existsSync(`${state}.lock`)).toBe(true)
        const third = running()
        await expect.poll(() => third.stdout).toContain("1 of them in an earlier run")
        await third.stop("SIGINT")
        expect(existsSync(`${state}.lock`)).toBe(false)
    })

    test("ends with exit code 1 after a long hold, prints the reason and the cure, and --force-next starts the next batch", async () => {
        const held = await ended("--max-late", "1s", "--max-held", "1s")
        expect(held.code).toBe(1)
        expect(held.stdout).toMatch(
            /Batch 2 is on hold:\n {8}0 boards of the wave are registered, \d were expected: .* late \(limit: .*\)\. Check that all boards are powered on/
        )
        expect(held.stdout).toContain("run the command again with --force-next")
        expect(held.stderr).toMatch(/^Stopped after more than 1 s on hold\. Run the same command to continue/)
        const going = running("--force-next")
        await expect.poll(() => going.stdout).toContain("POWER ON batch 2")
        expect(going.stdout).toContain("Wave 1 is done: 0 of 2 boards registered, forced by the user")
        await registerAll(ids.slice(2))
        const { code, stdout } = await going.end()
        expect(code).toBe(0)
        expect(stdout).toMatch(/Done: 4 of 6 boards registered\.\n +2 not registered: f\d+-0, f\d+-1\n$/)
    })

    test("is put on hold by the 429s that a metric reports", async () => {
        let total = 5
        const server = createServer((_, response) =>
            response.end(`moorage_dps_requests_total{call="register",status="429"} ${(total += 5)}\n`)
        )
        await new Promise<void>(done => server.listen(0, "127.0.0.1", done))
        try {
            const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`
            const { code, stdout } = await ended("--metrics", url, "--max-429s", "4", "--max-held", "1s")
            expect(stdout).toMatch(/\d+ calls were throttled \(429\) in ten minutes \(limit: 4\)/)
            expect(code).toBe(1)
        } finally {
            server.close()
        }
    })

    test.skipIf(whyNoTmux)("shows its progress in one line on a terminal", async () => {
        const terminal = new Terminal(110, 30)
        try {
            const args = argsOf("--profile", world.profile).map(arg => `'${arg}'`)
            terminal.type(`${process.execPath} ${BIN} ${args.join(" ")}; echo code=$?`)
            await expect
                .poll(() => terminal.screen)
                .toMatch(/\[\.+\] +0 % +wave 1: 0 of 2 registered \(predicted 2/)
            await registerAll(ids.slice(0, 2))
            await expect.poll(() => terminal.screen).toContain("POWER ON batch 2")
            await registerAll(ids.slice(2))
            await expect.poll(() => terminal.screen).toContain("code=0")
            expect(terminal.screen).toContain("Done: 6 of 6 boards registered.")
            expect(terminal.screen).not.toContain("[##")
        } finally {
            terminal.close()
        }
    })
    if (whyNoTmux) console.log(whyNoTmux)
})

describe("errors", () => {
    /** Expects an error message and no started roll-out. */
    async function failing(code: number, message: RegExp, args: string[]): Promise<void> {
        const { code: got, stdout, stderr } = await run(args)
        expect(stderr).toMatch(message)
        expect(stderr).not.toContain("    at ")
        expect(got).toBe(code)
        expect(stdout).toBe("")
        expectNoSecret(stderr)
        expect(existsSync(`${plan.replace(/\.json$/, "")}.state`)).toBe(false)
    }

    test("an invalid or mismatched plan, fleet file or state file is rejected", async () => {
        const profile = ["--profile", world.profile]
        await failing(2, /Cannot read \/none/, ["rollout", "run", "/none", "--fleet", fleet, ...profile])
        const damaged = world.file("damaged.json", readFileSync(plan, "utf8").replace('"slots"', '"slot"'))
        await failing(2, /slot: is not a known field/, [
            "rollout",
            "run",
            damaged,
            "--fleet",
            fleet,
            ...profile,
        ])
        const other = world.file("other.csv", "registrationId\nx-1\n")
        await failing(2, /belongs to other boards than/, [
            "rollout",
            "run",
            plan,
            "--fleet",
            other,
            ...profile,
        ])
        const bad = world.file("bad.csv", "registrationId\nb-1\nb-1\n")
        await failing(2, /line 3: duplicate registration ID b-1[^]*The roll-out was not started/, [
            "rollout",
            "run",
            plan,
            "--fleet",
            bad,
            ...profile,
        ])
        await failing(1, /Cannot read \/none\.csv/, [
            "rollout",
            "run",
            plan,
            "--fleet",
            "/none.csv",
            ...profile,
        ])
        await failing(2, /this one has not started/, argsOf(...profile, "--force-next"))
        const state = world.file(
            "foreign.state",
            `${JSON.stringify({ moorage: "rollout", version: 1, plan: "" })}\n`
        )
        await failing(1, /belongs to another plan/, argsOf(...profile, "--state", state))
    })

    test("a missing DPS, a wrong key and unreadable metrics are reported before a board is powered on", async () => {
        const none = world.file("none.yaml", "idScope: 0ne1\n")
        await failing(2, /No DPS specified/, argsOf("--profile", none))
        const wrong = world.file("wrong.json", JSON.stringify(withWrongKey(world.card)))
        await failing(1, /rejects the key: 401/, argsOf("--profile", wrong))
        const args = argsOf("--profile", world.profile, "--metrics", "http://127.0.0.1:9/metrics")
        await failing(1, /Cannot read the metrics at http:\/\/127\.0\.0\.1:9\/metrics/, args)
    })

    test("a command that fails ends with exit code 1, and the next run powers on its batch again", async () => {
        const { code, stdout, stderr } = await ended("--exec", "exit 7")
        expect(stderr).toMatch(/^The command of batch 1 ended with exit code 7\. Fix the command and rerun/)
        expect(code).toBe(1)
        expect(stdout).toContain("POWER ON batch 1")
        const again = running()
        await expect.poll(() => again.stdout).toContain("POWER ON batch 1")
        await again.stop("SIGINT")
    })

    test("a state file that cannot be written ends with exit code 1 before a board is powered on", () =>
        failing(
            1,
            /^Cannot write .*state: ENOTDIR/,
            argsOf("--profile", world.profile, "--state", `${fleet}/state`)
        ))

    test("an outage of DPS puts the roll-out on hold, and the state file keeps the progress", async () => {
        const other = await cloudWorld()
        try {
            const more = ["--give-up-after", "1s", "--max-held", "1s"]
            const rollout = start(argsOf("--profile", other.profile, ...more))
            await expect.poll(() => rollout.stdout).toContain("0 of 2 registered")
            await other.emulator.stop()
            const { code, stdout, stderr } = await rollout.end()
            expect(stdout).toMatch(
                /Batch 2 is on hold:\n +Cannot reach moorage\.azure-devices-provisioning\.net/
            )
            expect(stderr).toMatch(/^Stopped after more than 1 s on hold\./)
            expect(code).toBe(1)
            const state = readFileSync(`${plan.replace(/\.json$/, "")}.state`, "utf8")
            expect(state.split("\n")[1]).toContain('"event":"opened","number":1')
        } finally {
            await other.close()
        }
    })
})

test("--help shows examples and exit codes", async () => {
    const { code, stdout } = await run(["rollout", "run", "--help"])
    expect(code).toBe(0)
    for (const text of ["Examples", "Exit codes", "MOORAGE_IDS_FILE", "PROVISIONING_CONNECTION_STRING"])
        expect(stdout).toContain(text)
})
