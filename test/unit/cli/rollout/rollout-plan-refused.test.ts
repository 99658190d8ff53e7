// Input that `moorage rollout plan` rejects: output files that replace an input file, and unknown board profiles.
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { run } from "../../../helpers/command.js"

const FLEET = "registrationId\nboard-1\nboard-2\n"

let dir: string
const path = (name: string) => join(dir, name)
beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-rollout-files-"))
    writeFileSync(path("fleet.csv"), FLEET)
    symlinkSync(path("fleet.csv"), path("link.csv"))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test.each([
    ["a plan that replaces the fleet file", ["--dry-run", "--out", "fleet.csv"]],
    ["a report that replaces the fleet file through a link", ["--report", "link.csv"]],
    ["a report that replaces the plan", ["--report", "fleet.rollout.json"]],
])("%s is rejected before any file is written", async (_what, more) => {
    const args = more.map(arg => (arg.startsWith("--") ? arg : path(arg)))
    const { code, stderr } = await run(["rollout", "plan", path("fleet.csv"), ...args])
    expect(stderr).toBe("The fleet file, --out and --report must be different files.\n")
    expect(code).toBe(2)
    expect(readFileSync(path("fleet.csv"), "utf8")).toBe(FLEET)
    expect(readdirSync(dir).sort()).toEqual(["fleet.csv", "link.csv"])
})

test("rejects an unknown board profile", async () => {
    const { code, stderr } = await run(["rollout", "plan", path("fleet.csv"), "--board", "moorage-s2"])
    expect(stderr).toMatch(/^Unknown board profile moorage-s2 \(known: .*moorage_s2/)
    expect(code).toBe(2)
})
