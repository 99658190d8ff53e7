// `moorage flash` as a child process, with a fake esptool that records its arguments.
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    renameSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { buildFirmware } from "@moorage/vm"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { manufacture } from "../../../../tools/fleet/manufacture/index.js"
import { run, start } from "../../../helpers/command.js"

let dir: string
let image: string
const path = (...names: string[]) => join(dir, ...names)

/** Creates a folder for the PATH with node, sh and a fake esptool with that name. Returns its path. */
function tools(folder: string, name: string | undefined, exit = 0): string {
    mkdirSync(path(folder))
    for (const [as, from] of [
        ["node", process.execPath],
        ["sh", "/bin/sh"],
    ] as const)
        symlinkSync(from, path(folder, as))
    if (name !== undefined) {
        writeFileSync(
            path(folder, name),
            `#!/bin/sh\necho "$@" > "${path(folder, "arguments.txt")}"\nexit ${exit}\n`
        )
        chmodSync(path(folder, name), 0o755)
    }
    return path(folder)
}

beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "moorage-flash-test-"))
    const { bytecode } = await buildFirmware("src/main.ts")
    const made = await manufacture(
        [
            {
                line: 2,
                registrationId: "b:1",
                profile: "moorage_devkitc",
                settings: { ID_SCOPE: "0ne00ABCDEF" },
            },
        ],
        {
            outDir: path("out"),
            bytecodes: { main: bytecode },
            groupKey: Buffer.alloc(32, 1).toString("base64"),
            jobs: 1,
            bootCount: 0,
        }
    )
    image = path("out", made?.manifest.boards[0]?.image as string)
})
afterAll(() => rmSync(dir, { recursive: true }))

const flash = (PATH: string, ...more: string[]) =>
    run(["flash", image, "--port", "/dev/ttyUSB0", ...more], { PATH })

describe("moorage flash", () => {
    const line = () => `--chip esp32 --port /dev/ttyUSB0 write_flash 0x1c0000 ${image}`

    test.each(["esptool", "esptool.py"])("%s writes the image to its offset", async name => {
        const folder = tools(`with-${name}`, name)
        const { code, stdout } = await flash(folder)
        expect(stdout).toBe("b:1 flashed on /dev/ttyUSB0\n")
        expect(code).toBe(0)
        expect(readFileSync(join(folder, "arguments.txt"), "utf8")).toBe(`${line()}\n`)
    })

    test("--dry-run prints the command and does not run esptool", async () => {
        const folder = tools("dry", "esptool")
        const { code, stdout } = await flash(folder, "--dry-run")
        expect(stdout).toBe(`esptool ${line()}\n`)
        expect(code).toBe(0)
        expect(existsSync(join(folder, "arguments.txt"))).toBe(false)
    })

    test("a missing esptool is reported with the command that installs it", async () => {
        const { code, stderr } = await flash(tools("none", undefined))
        expect(code).toBe(1)
        expect(stderr).toBe(
            "esptool is missing. Install esptool with `pip install esptool`, and check that it is on the PATH.\n"
        )
    })

    test("an error of esptool ends with exit code 1", async () => {
        const { code, stderr } = await flash(tools("failing", "esptool", 2))
        expect(code).toBe(1)
        expect(stderr).toMatch(
            /^esptool ended with exit code 2: b:1 is not flashed\. Check that the board is on \/dev\/ttyUSB0/
        )
    })

    test("SIGINT stops esptool, ends with exit code 130, and asks to flash the board again", async () => {
        const folder = tools("slow", undefined)
        const noted = (name: string) => path("slow", name)
        const script = `#!/bin/sh\ntrap 'echo > "${noted("stopped")}"; exit 1' INT\necho > "${noted("started")}"\nwhile :; do :; done\n`
        writeFileSync(join(folder, "esptool"), script)
        chmodSync(join(folder, "esptool"), 0o755)
        const running = start(["flash", image, "--port", "/dev/ttyUSB0"], { PATH: folder })
        await expect.poll(() => existsSync(noted("started"))).toBe(true)
        const { code, stdout, stderr } = await running.stop("SIGINT")
        expect(stderr).toBe("Interrupted: b:1 may be partly flashed. Flash the board again.\n")
        expect(code).toBe(130)
        expect(stdout).toBe("")
        expect(existsSync(noted("stopped"))).toBe(true)
    })

    test("a missing image and a folder are not flashed", async () => {
        const folder = tools("missing", "esptool")
        const gone = `${image}.gone`
        renameSync(image, gone)
        try {
            const missing = await flash(folder)
            expect(missing.stderr).toMatch(/^Cannot read \S+: ENOENT/)
            mkdirSync(image)
            const noFile = await flash(folder)
            expect(noFile.stderr).toMatch(/^Cannot read \S+: EISDIR/)
            expect([missing.code, noFile.code]).toEqual([1, 1])
            expect(existsSync(join(folder, "arguments.txt"))).toBe(false)
        } finally {
            rmSync(image, { recursive: true, force: true })
            renameSync(gone, image)
        }
    })

    test("an image that differs from its manifest is not flashed", async () => {
        const folder = tools("damaged", "esptool")
        const whole = readFileSync(image)
        try {
            writeFileSync(image, whole.subarray(0, 1000))
            const { code, stderr } = await flash(folder)
            expect(code).toBe(1)
            expect(stderr).toMatch(/differs from its checksum in the manifest/)
            expect(existsSync(join(folder, "arguments.txt"))).toBe(false)
        } finally {
            writeFileSync(image, whole)
        }
    })

    test("an image without a manifest is not flashed, and a missing port ends with exit code 2", async () => {
        const stray = path("stray.bin")
        writeFileSync(stray, "x")
        const { code, stderr } = await run(["flash", stray, "--port", "COM7"])
        expect(stderr).toContain(`Cannot read ${join(dirname(dir), "manifest.json")}`)
        expect(code).toBe(1)
        expect((await run(["flash", image])).code).toBe(2)
    })
})
