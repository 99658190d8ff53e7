// Runs docs/tutorial/journey.sh as a reader of the tutorial does.
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, test } from "vitest"
import { loadImages } from "../../../tools/simulator/index.js"

const SCRIPT = fileURLToPath(new URL("../../../docs/tutorial/journey.sh", import.meta.url))

let dir: string
beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "moorage-journey-"))
    // Builds the firmware, so that no command of the script has to.
    await loadImages()
}, 300_000)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test("DPS, the hubs and the simulation agree on 200 boards, and no output contains the group key", async () => {
    const { stdout } = await promisify(execFile)("bash", [SCRIPT, dir])
    expect(stdout.trim().split("\n").at(-1)).toBe(
        "200 registered, 200 in the hubs' registries, 200 moored, 0 throttled, 0 invariants broken"
    )
    const csv = readFileSync(join(dir, "fleet.csv"), "utf8")
    const key = readFileSync(join(dir, "group.key"), "utf8")
    const outputs = [
        stdout,
        csv,
        ...["monitor.json", "registry.json", "run.json"].map(name => readFileSync(join(dir, name), "utf8")),
    ]
    for (const text of outputs) expect(text).not.toContain(key)
}, 600_000)
