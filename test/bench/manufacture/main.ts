// Keys for a million devices, and images for 5,000: the real commands, each in a process of its own.
import { spawn } from "node:child_process"
import { createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { fileURLToPath } from "node:url"
import { realClock, realRandom } from "@moorage/time"
import { buildFirmware } from "@moorage/vm"

const BIN = fileURLToPath(new URL("../../../tools/cli/moorage.mjs", import.meta.url))
const USAGE = fileURLToPath(new URL("usage.mjs", import.meta.url))
const KEYS = 1_000_000
const IMAGES = 5000

interface Ran {
    tookSec: number
    /** Of the process, threads included. */
    peakMB: number
    cpuSec: number
}

/** Runs the command; usage.mjs says at its end what it took. */
function run(args: string[], groupKey: string): Promise<Ran> {
    const startMs = realClock.nowMs()
    const child = spawn(process.execPath, ["--import", USAGE, BIN, ...args], {
        env: { ...process.env, MOORAGE_GROUP_KEY: groupKey },
        stdio: ["ignore", "ignore", "pipe"],
    })
    let said = ""
    child.stderr.on("data", chunk => (said += String(chunk)))
    return new Promise((done, fail) => {
        child.on("close", code => {
            const [, maxRssKB, cpuUs] = /^usage (\d+) (\d+)$/m.exec(said) ?? []
            if (code !== 0 || maxRssKB === undefined) return fail(new Error(`ended with ${code}: ${said}`))
            const tookSec = (realClock.nowMs() - startMs) / 1000
            done({ tookSec, peakMB: Number(maxRssKB) / 1024, cpuSec: Number(cpuUs) / 1e6 })
        })
    })
}

function* ids(count: number): Generator<string> {
    for (let i = 0; i < count; i++) yield `board-${String(i).padStart(7, "0")}\n`
}

function print(what: string, count: number, { tookSec, peakMB, cpuSec }: Ran): void {
    const perSec = Math.round(count / tookSec).toLocaleString("en-US")
    console.log(
        `  ${what.padEnd(34)} ${tookSec.toFixed(1).padStart(6)} s, ${perSec.padStart(8)} a second, ` +
            `${cpuSec.toFixed(1)} s of CPU, peak ${Math.round(peakMB)} MB`
    )
}

/** Prints how long keys and images take, and how much memory. */
export async function benchManufacture(): Promise<void> {
    const dir = mkdtempSync(join(tmpdir(), "moorage-bench-manufacture-"))
    const path = (name: string) => join(dir, name)
    const groupKey = Buffer.from(realRandom.bytes(64)).toString("base64")
    try {
        await buildFirmware("src/main.ts")
        console.log(`moorage keys derive and moorage manufacture, ${availableParallelism()} threads`)
        await pipeline(Readable.from(ids(KEYS)), createWriteStream(path("ids.txt")))
        const derive = (from: string) => ["keys", "derive", "--from", path(from), "--out", path("keys.csv")]
        print(`${KEYS.toLocaleString("en-US")} keys`, KEYS, await run(derive("ids.txt"), groupKey))
        console.log(`    keys.csv: ${Math.round(statSync(path("keys.csv")).size / 1e6)} MB`)
        writeFileSync(path("fleet.csv"), `registrationId\n${[...ids(IMAGES)].join("")}`)
        const make = ["manufacture", path("fleet.csv"), "--out", path("out"), "--id-scope", "0ne00123ABC"]
        const options = ["--profile", "moorage_devkitc", "--ssid", "plant-7"]
        const count = IMAGES.toLocaleString("en-US")
        print(`${count} images`, IMAGES, await run([...make, ...options], groupKey))
        print(`${count} images, all there already`, IMAGES, await run([...make, ...options], groupKey))
        rmSync(path("out"), { recursive: true })
        print(
            `${count} images, all booted`,
            IMAGES,
            await run([...make, ...options, "--verify", "all"], groupKey)
        )
    } finally {
        rmSync(dir, { recursive: true, force: true })
    }
}
