// Measures the commands that derive keys for a million devices and make 5,000 flash images.
import { createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { realRandom } from "@moorage/runtime"
import { buildFirmware } from "@moorage/vm"
import { printCost, run } from "./measured-command.js"

const KEYS = 1_000_000
const IMAGES = 5000

function* idLines(count: number): Generator<string> {
    for (let i = 0; i < count; i++) yield `board-${String(i).padStart(7, "0")}\n`
}

/** Prints time and memory of deriving keys and making images. */
export async function benchManufacture(): Promise<void> {
    const dir = mkdtempSync(join(tmpdir(), "moorage-bench-manufacture-"))
    const path = (name: string) => join(dir, name)
    const env = { MOORAGE_GROUP_KEY: Buffer.from(realRandom.bytes(64)).toString("base64") }
    try {
        await buildFirmware("src/main.ts")
        console.log(`moorage keys derive and moorage manufacture, ${availableParallelism()} threads`)
        await pipeline(Readable.from(idLines(KEYS)), createWriteStream(path("ids.txt")))
        const derive = (from: string) => ["keys", "derive", "--from", path(from), "--out", path("keys.csv")]
        printCost(`${KEYS.toLocaleString("en-US")} keys`, KEYS, await run(derive("ids.txt"), { env }))
        console.log(`    keys.csv: ${Math.round(statSync(path("keys.csv")).size / 1e6)} MB`)
        writeFileSync(path("fleet.csv"), `registrationId\n${[...idLines(IMAGES)].join("")}`)
        const make = ["manufacture", path("fleet.csv"), "--out", path("out"), "--id-scope", "0ne00123ABC"]
        const options = ["--board", "moorage_devkitc", "--ssid", "plant-7"]
        const count = IMAGES.toLocaleString("en-US")
        printCost(`${count} images`, IMAGES, await run([...make, ...options], { env }))
        printCost(`${count} images that already exist`, IMAGES, await run([...make, ...options], { env }))
        rmSync(path("out"), { recursive: true })
        printCost(
            `${count} images with --verify all`,
            IMAGES,
            await run([...make, ...options, "--verify", "all"], { env })
        )
    } finally {
        rmSync(dir, { recursive: true, force: true })
    }
}
