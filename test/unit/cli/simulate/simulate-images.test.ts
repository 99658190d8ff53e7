// `moorage simulate --images`: boots the images of `moorage manufacture` as a fleet before they are flashed.
import {
    appendFileSync,
    existsSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Survey } from "../../../../tools/fleet/monitor/index.js"
import { loadImages, type RunResult } from "../../../../tools/simulator/index.js"
import { type Running, run, start } from "../../../helpers/command.js"

const ENV = { MOORAGE_GROUP_KEY: Buffer.alloc(64, 5).toString("base64") }
const FLEET =
    "registrationId,profile,slot\ndock-1,moorage_devkitc,0\ndock-2,moorage_c3,1\ndock-3,moorage_s2,2\n"
const PLAN = "name: dock\ndurationSec: 300\nboards: { count: 1 }\nmooredWithinSec: 200\n"

let dir: string
const path = (...names: string[]) => join(dir, ...names)

async function make(out: string, ...more: string[]): Promise<void> {
    const options = ["--out", path(out), "--id-scope", "0ne00DOCK01", "--jobs", "1", "--verify", "0", ...more]
    const { code, stderr } = await run(["manufacture", path("fleet.csv"), ...options], ENV)
    expect(`${stderr}${code}`).toBe("0")
}

beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "moorage-images-"))
    writeFileSync(path("fleet.csv"), FLEET)
    writeFileSync(path("plan.yaml"), PLAN)
    // Builds the firmware first, so that no command below has to build it.
    await loadImages()
    await make("flash", "--set", "SLOT_SEC=20")
}, 300_000)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const simulate = (...more: string[]) => ["simulate", path("plan.yaml"), "--images", path("flash"), ...more]

describe("moorage simulate --images", () => {
    test("boots the images of three board profiles, each in its slot, enrolled with the group key", async () => {
        const { code, stdout, stderr } = await run(simulate("--json", "--trace", path("run.jsonl")), ENV)
        expect(stderr).toBe("")
        expect(code).toBe(0)
        const result = JSON.parse(stdout) as RunResult
        expect(result).toMatchObject({ boards: 3, moored: 3, violationCount: 0 })
        // The plan's 300 s count from the end of the last slot.
        expect(result.durationSec).toBe(360)
        const facts = readFileSync(path("run.jsonl"), "utf8").trim().split("\n")
        const registers = facts.map(line => JSON.parse(line)).filter(({ kind }) => kind === "register")
        expect(registers.map(({ board }) => board)).toEqual(["dock-1", "dock-2", "dock-3"])
        for (const [slot, { ms }] of registers.entries()) expect(ms).toBeGreaterThanOrEqual(slot * 20_000)
    })

    test("creates an individual enrollment per board with the key of its image if there is no group key", async () => {
        const { code, stdout } = await run(simulate("--json"))
        expect(code).toBe(0)
        expect(JSON.parse(stdout)).toMatchObject({ moored: 3, violationCount: 0 })
    })

    test("moors no board with another group key, and prints a replay command with the images", async () => {
        const key = path("other.key")
        writeFileSync(key, Buffer.alloc(64, 6).toString("base64"))
        const { code, stdout, stderr } = await run(simulate("--group-key-file", key, "--json"))
        expect(code).toBe(1)
        expect(JSON.parse(stdout)).toMatchObject({ moored: 0 })
        expect(stderr).toContain(`--images ${path("flash")} --group-key-file ${key} --seed 1`)
        const [, again = ""] = /this board: +moorage (replay .*)/.exec(stderr) ?? []
        const replayed = await run([...again.split(" "), "--all"])
        expect(replayed.code).toBe(0)
        expect(replayed.stdout).toContain("dps")
    })

    test.each([
        [
            "a folder without a manifest",
            ["simulate", "onboarding", "--images", "/nowhere"],
            /Cannot read .*manifest/,
        ],
        [
            "--boards and --images",
            ["simulate", "onboarding", "--images", "x", "--boards", "3"],
            /--boards and --images are mutually exclusive/,
        ],
        [
            "more than one seed",
            ["simulate", "onboarding", "--images", "x", "--seeds", "1..3"],
            /--images requires a single seed/,
        ],
        [
            "a group key without images",
            ["simulate", "onboarding", "--group-key-file", "k"],
            /require --images/,
        ],
        [
            "a board without an image",
            ["replay", "PLAN", "--images", "FLASH", "--id", "board-0"],
            /No image of board-0/,
        ],
    ])("%s is reported", async (_what, args, message) => {
        const given = args.map(arg => ({ PLAN: path("plan.yaml"), FLASH: path("flash") })[arg] ?? arg)
        const { code, stdout, stderr } = await run(given)
        expect(code).toBeGreaterThan(0)
        expect(stdout).toBe("")
        expect(stderr).toMatch(message)
        expect(stderr).not.toMatch(/ at .*\.ts:/)
    })

    test("an image that differs from its manifest, or is for another DPS, is rejected", async () => {
        await make("damaged")
        appendFileSync(path("damaged", "images", "dock-2-0x1c0000.bin"), "x")
        const damaged = await run(["simulate", path("plan.yaml"), "--images", path("damaged")], ENV)
        expect(damaged.code).toBe(1)
        expect(damaged.stderr).toMatch(
            /dock-2.* differs from its checksum in the manifest\. Run `moorage manufacture` again/
        )
        await make("elsewhere", "--set", "DPS_HOST=dps.example")
        const elsewhere = await run(["simulate", path("plan.yaml"), "--images", path("elsewhere")], ENV)
        expect(elsewhere.code).toBe(1)
        expect(elsewhere.stderr).toMatch(
            /image of dock-1 cannot be simulated: its DPS_HOST is "dps\.example"/
        )
    })
})

describe("moorage simulate --images --rollout", () => {
    async function plan(fleet: string, text: string): Promise<string> {
        writeFileSync(path(fleet), text)
        const options = ["--waves", "33%,100%", "--soak", "1m"]
        const { code, stderr } = await run(["rollout", "plan", path(fleet), ...options])
        expect(stderr).toMatch(/^Written/)
        expect(code).toBe(0)
        return path(fleet.replace(".csv", ".rollout.json"))
    }

    test("powers the boards on batch by batch at the times of the plan", async () => {
        const rollout = await plan("same.csv", FLEET)
        const { code } = await run(
            simulate("--rollout", rollout, "--trace", path("waves.jsonl"), "--json"),
            ENV
        )
        expect(code).toBe(0)
        const { batches } = JSON.parse(readFileSync(rollout, "utf8"))
        const laterMs = Date.parse(batches[1].startUtc) - Date.parse(batches[0].startUtc)
        expect(laterMs).toBeGreaterThanOrEqual(60_000)
        const facts = readFileSync(path("waves.jsonl"), "utf8").trim().split("\n")
        const power = facts.map(line => JSON.parse(line)).filter(({ kind }) => kind === "power")
        expect(power.map(({ board, ms }) => [board, ms])).toEqual([
            ["dock-1", 0],
            ["dock-2", laterMs],
            ["dock-3", laterMs],
        ])
    })

    test("rejects a plan for other boards", async () => {
        const rollout = await plan("others.csv", FLEET.replace("dock-3", "dock-4"))
        const { code, stderr } = await run(simulate("--rollout", rollout), ENV)
        expect(code).toBe(1)
        expect(stderr).toMatch(/does not match the images: the plan is for other boards/)
    })
})

describe("moorage simulate --serve", () => {
    let fleet: Running
    const card = () => path("card.json")

    beforeAll(async () => {
        fleet = start(simulate("--serve", card()), ENV)
        const ended = fleet
            .end()
            .then(({ stderr }) => Promise.reject(new Error(`The simulation ended early: ${stderr}`)))
        const cardWritten = async () => {
            while (!existsSync(card())) await pause(50)
        }
        await Promise.race([cardWritten(), ended])
    }, 120_000)
    afterAll(() => fleet.stop())

    test("serves a card with mode 0600, and the monitor counts the moored boards", async () => {
        expect(statSync(card()).mode & 0o777).toBe(0o600)
        const { code, stdout } = await run(["monitor", "--profile", card(), "--json"])
        expect(code).toBe(0)
        const survey = JSON.parse(stdout) as Survey
        expect(survey).toMatchObject({ registered: 3, statuses: { assigned: 3 }, throttled: 0 })
        expect(survey.groups).toEqual([expect.objectContaining({ id: "fleet", registered: 3 })])
    })

    test("keeps its boards running: a board accepts a reprovisioning request", async () => {
        const { code, stdout } = await run(["reprovision", "dock-1", "--profile", card(), "--json"])
        expect(code).toBe(0)
        expect(JSON.parse(stdout)).toMatchObject({ devices: [{ id: "dock-1", result: "accepted" }] })
    })

    test("ends at Ctrl-C with the exit code of the run", async () => {
        const { code, stdout } = await fleet.stop("SIGINT")
        expect(code).toBe(0)
        expect(stdout).toMatch(/moored +3 of 3/)
    })
})
