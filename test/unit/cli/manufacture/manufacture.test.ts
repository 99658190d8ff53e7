// `moorage manufacture` as a child process, with a fake esptool for --scan.
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { PassThrough } from "node:stream"
import { deriveDeviceKey } from "@moorage/protocol"
import { buildFirmware, fileFlash, readNetwork, readSettings } from "@moorage/vm"
import * as v from "valibot"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { MANIFEST } from "../../../../tools/fleet/manufacture/index.js"
import { FORBIDDEN, FORBIDDEN_DIR, run, runOnFullDisk, start } from "../../../helpers/command.js"

const GROUP_KEY = Buffer.alloc(64, 9).toString("base64")
const PSK = "the Wi-Fi password of plant 7"
const ENV = { MOORAGE_GROUP_KEY: GROUP_KEY, MOORAGE_WIFI_PSK: PSK }
const DEFAULTS = ["--id-scope", "0ne00ABCDEF", "--board", "moorage_c3", "--jobs", "1"]

const RESULT = v.strictObject({
    boards: v.number(),
    kept: v.number(),
    manifest: v.string(),
    tookSec: v.number(),
    flash: v.array(v.string()),
})

let dir: string
const path = (...names: string[]) => join(dir, ...names)

beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "moorage-manufacture-test-"))
    writeFileSync(path("fleet.csv"), "registrationId,profile,slot\nb-1,,1\nB-2,moorage_s2,2\n")
    const ids = Array.from({ length: 400 }, (_, i) => `board-${i}`)
    writeFileSync(path("many.csv"), `registrationId\n${ids.join("\n")}\n`)
    writeFileSync(path("esptool"), `#!/bin/sh\necho "$@" >> "${path("flashed.txt")}"\n`)
    chmodSync(path("esptool"), 0o755)
    // Builds the images first, so that no command below has to build them.
    await buildFirmware("src/main.ts")
    await buildFirmware("src/maintight.ts")
})
afterAll(() => rmSync(dir, { recursive: true }))

function manufacture(fleet: string, out: string, ...more: string[]) {
    return ["manufacture", path(fleet), "--out", path(out), ...DEFAULTS, ...more]
}

describe("moorage manufacture", () => {
    test("makes one image per board, and prints the flash commands without secrets", async () => {
        const { code, stdout, stderr } = await run(manufacture("fleet.csv", "out", "--ssid", "plant 7"), ENV)
        expect(stderr).toBe("")
        expect(code).toBe(0)
        expect(stdout).toMatch(/^2 images in \S+out \(0 already up to date\)/)
        expect(stdout).toContain("npx devs flash --board moorage_c3\n")
        const image = path("out", "images", "b-2-0x1c0000.bin")
        expect(stdout).toContain(`esptool --chip esp32s2 --port PORT write_flash 0x1c0000 ${image}\n`)
        const flash = fileFlash(image)
        expect(readNetwork(flash)).toEqual({ ssid: "plant 7", psk: PSK })
        const key = deriveDeviceKey(GROUP_KEY, "b-2")
        const settings = { REG_ID: "b-2", DEVICE_KEY: key, ID_SCOPE: "0ne00ABCDEF", SLOT: 2 }
        expect(readSettings(flash)).toEqual(settings)
        const manifest = readFileSync(path("out", "manifest.json"), "utf8")
        expect(() => v.parse(MANIFEST, JSON.parse(manifest))).not.toThrow()
        for (const secret of [key, PSK, GROUP_KEY]) expect(stdout + manifest).not.toContain(secret)
        expect(statSync(image).mode & 0o777).toBe(0o600)
    })

    test("--json prints one object, and a second run keeps the images", async () => {
        const { code, stdout } = await run(
            manufacture("fleet.csv", "out", "--ssid", "plant 7", "--verify", "all", "--json"),
            ENV
        )
        expect(code).toBe(0)
        const result = v.parse(RESULT, JSON.parse(stdout))
        expect(result).toMatchObject({ boards: 2, kept: 2, manifest: path("out", "manifest.json") })
        expect(result.flash.length).toBe(4)
    })

    test("all errors of the fleet file are listed with exit code 2, and no image is made", async () => {
        writeFileSync(path("bad.csv"), `registrationId,key\nb-1,\nB-1,\nb-2,dG9v\né,\n${"x".repeat(129)},\n`)
        const { code, stdout, stderr } = await run(manufacture("bad.csv", "none"), ENV)
        expect(code).toBe(2)
        expect(stdout).toBe("")
        expect(stderr.split("\n").slice(1, -1)).toEqual([
            "  line 3: duplicate registration ID b-1 (first on line 2)",
            "  line 4: the key is 3 bytes long (allowed: 16 to 64)",
            expect.stringMatching(/line 5: .* contains "é"/),
            expect.stringMatching(/line 6: .* is 129 characters long/),
            "No image was made.",
        ])
        expect(existsSync(path("none"))).toBe(false)
    })

    test.each([
        [["--group-key-file", "/no/such"], {}, 1, /Cannot read \/no\/such/],
        [[], {}, 2, /line 2: has no key, and there is no group key/],
        [
            [],
            { MOORAGE_GROUP_KEY: "dG9vIHNob3J0" },
            2,
            /Invalid group key in MOORAGE_GROUP_KEY: the key is 9 bytes long/,
        ],
        [
            ["--ssid", "x".repeat(32)],
            ENV,
            2,
            /an SSID must have 1 to 31 bytes and no zero byte; this one has 32 bytes/,
        ],
        [["--psk-file", "x"], ENV, 2, /--psk-file requires --ssid/],
        [["--set", "SLOTS=1"], ENV, 2, /unknown setting SLOTS/],
        [["--set", "DEVICE_KEY=x"], ENV, 2, /unknown setting DEVICE_KEY/],
        [["--board", "moorage_c9"], ENV, 2, /line 2: unknown profile "moorage_c9"/],
        [["--scan"], ENV, 2, /No serial port specified\. Use --port/],
    ])("%j is rejected with a short message", async (more, env, exit, message) => {
        const { code, stderr } = await run(manufacture("fleet.csv", "none", ...more), env)
        expect(stderr).toMatch(message)
        expect(code).toBe(exit)
        expect(stderr).not.toContain("    at ")
        expect(existsSync(path("none"))).toBe(false)
    })

    test("an output folder that cannot be written ends with exit code 1", async () => {
        const { code, stderr } = await run(manufacture("fleet.csv", "fleet.csv/out"), ENV)
        expect(code).toBe(1)
        expect(stderr).toMatch(/^Cannot make the images: ENOTDIR/)
        const args = ["manufacture", path("fleet.csv"), "--out", `${FORBIDDEN_DIR}/out`, ...DEFAULTS]
        const forbidden = await run(args, ENV)
        expect(forbidden.code).toBe(1)
        expect(forbidden.stderr).toMatch(/^Cannot make the images: /)
        expect(forbidden.stderr).toMatch(FORBIDDEN)
    })

    test.each([["no-such.csv"], ["."]])(
        "a fleet file that cannot be read (%s) ends with exit code 1",
        async name => {
            const { code, stderr } = await run(manufacture(name, "none"), ENV)
            expect(stderr).toMatch(/^Cannot read \S+: E(NOENT|ISDIR)/)
            expect(code).toBe(1)
            expect(existsSync(path("none"))).toBe(false)
        }
    )

    test("a full disk ends with exit code 1 and leaves no partial file", async () => {
        // The limit of 200 KiB is less than the size of an image.
        const ended = await runOnFullDisk(manufacture("fleet.csv", "full"), 204_800, ENV)
        expect(ended.stderr).toMatch(/^Cannot make the images: EFBIG/)
        expect(ended.code).toBe(1)
        expect(readdirSync(path("full"))).toEqual(["images"])
        expect(readdirSync(path("full", "images"))).toEqual([])
    })

    test("SIGINT during the run ends with exit code 130, and the next run makes the remaining images and the manifest", async () => {
        const running = start(manufacture("many.csv", "cut"), ENV)
        const images = () => (existsSync(path("cut", "images")) ? readdirSync(path("cut", "images")) : [])
        await expect.poll(() => images().length).toBeGreaterThan(20)
        const { code, stderr } = await running.stop("SIGINT")
        expect(code).toBe(130)
        expect(stderr).toMatch(/Interrupted\. Run the same command to continue/)
        const done = images()
        expect(done.length).toBeLessThan(400)
        expect(done.filter(name => !name.endsWith(".bin"))).toEqual([])
        expect(existsSync(path("cut", "manifest.json"))).toBe(false)
        const again = await run(manufacture("many.csv", "cut", "--verify", "1", "--json"), ENV)
        expect(v.parse(RESULT, JSON.parse(again.stdout))).toMatchObject({ boards: 400, kept: done.length })
    })
})

describe("moorage manufacture --scan", () => {
    const scan = (out: string, input: string, ...more: string[]) => {
        const args = ["manufacture", "--out", path(out), ...DEFAULTS, "--scan", ...more]
        return run(args, { ...ENV, PATH: `${dir}${delimiter}${process.env.PATH}` }, input)
    }

    test("flashes one board per line, and continues after an invalid ID", async () => {
        const { code, stdout, stderr } = await scan(
            "scan",
            "Board-7\r\n\nbad.\nboard-8\n",
            "--port",
            "/dev/ttyX"
        )
        expect(stdout).toBe("board-7 flashed on /dev/ttyX\nboard-8 flashed on /dev/ttyX\n")
        expect(stderr).toMatch(/NOT FLASHED: .*"bad\." must end with/)
        expect(code).toBe(1)
        const lines = readFileSync(path("flashed.txt"), "utf8").trim().split("\n")
        expect(lines).toEqual(
            ["board-7", "board-8"].map(
                id =>
                    `--chip esp32c3 --port /dev/ttyX write_flash 0x1c0000 ${path("scan", "images", `${id}-0x1c0000.bin`)}`
            )
        )
        const manifest = v.parse(MANIFEST, JSON.parse(readFileSync(path("scan", "manifest.json"), "utf8")))
        expect(manifest.boards.map(({ registrationId }) => registrationId)).toEqual(["board-7", "board-8"])
    })

    test("does not count a board whose flashing is interrupted, and ends with exit code 130", async () => {
        const tool = path("slow")
        mkdirSync(tool)
        writeFileSync(
            join(tool, "esptool"),
            `#!/bin/sh\necho started > "${path("started.txt")}"\nexec sleep 600\n`
        )
        chmodSync(join(tool, "esptool"), 0o755)
        const env = { ...ENV, PATH: `${tool}${delimiter}${process.env.PATH}` }
        const args = ["manufacture", "--out", path("cut-scan"), ...DEFAULTS, "--scan", "--port", "/dev/ttyX"]
        const scanner = new PassThrough()
        const running = start(args, env, scanner)
        scanner.write("board-7\n")
        await expect.poll(() => existsSync(path("started.txt"))).toBe(true)
        const { code, stdout, stderr } = await running.stop("SIGINT")
        expect(stderr).toMatch(
            /^NOT FLASHED: Interrupted: board-7 may be partly flashed\. Flash the board again\.$/m
        )
        expect(stderr).toMatch(/^Interrupted\. Boards flashed: 0\.$/m)
        expect(code).toBe(130)
        expect(stdout).toBe("")
        expect(readdirSync(path("cut-scan", "images"))).toEqual(["board-7-0x1c0000.bin"])
    })

    test("requires all settings as options if there is no fleet file", async () => {
        const { code, stderr } = await run(["manufacture", "--out", path("bare"), "--scan", "--dry-run"], ENV)
        expect(stderr).toMatch(/a board has no profile \(allowed: moorage_c3, .*\); has no idScope\.$/m)
        expect(code).toBe(2)
    })

    test("makes only the boards of the fleet file, and --dry-run prints the flash command", async () => {
        const args = manufacture("fleet.csv", "scan-file", "--scan", "--dry-run")
        const { code, stdout, stderr } = await run(args, ENV, "B-2\nb-3\n")
        const image = path("scan-file", "images", "b-2-0x1c0000.bin")
        expect(stdout).toBe(`esptool --chip esp32s2 --port PORT write_flash 0x1c0000 ${image}\n`)
        expect(stderr).toMatch(/NOT FLASHED: b-3 is not in the fleet file/)
        expect(code).toBe(1)
        expect(readSettings(fileFlash(image)).SLOT).toBe(2)
    })
})
