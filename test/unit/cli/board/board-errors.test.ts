// The errors of `moorage board`: exit codes, messages, and files that stay unchanged.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { BoardCommand, buildBoardImages, QUICK, stopBoardCommands } from "../../../helpers/board-command.js"
import { type CloudWorld, cloudWorld } from "../../../helpers/cloud-world.js"
import { run, runOnFullDisk } from "../../../helpers/command.js"

let dir: string
let world: CloudWorld
const path = (...names: string[]) => join(dir, ...names)

beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "moorage-board-test-"))
    await buildBoardImages()
    world = await cloudWorld()
})
afterAll(async () => {
    await world.close()
    rmSync(dir, { recursive: true })
})
afterEach(stopBoardCommands)

describe("errors", () => {
    /** Expects an exit code, a message on stderr and an empty stdout. */
    async function failing(exit: number, message: RegExp, ...args: string[]): Promise<void> {
        const { code, stdout, stderr } = await run(["board", ...args])
        expect(stderr).toMatch(message)
        expect(code).toBe(exit)
        expect(stdout).toBe("")
        expect(stderr).not.toContain("    at ")
    }

    test("wrong options end with exit code 2", async () => {
        writeFileSync(path("short.key"), "dG9vIHNob3J0\n")
        const cases: [RegExp, ...string[]][] = [
            [/the registration ID "x+\.\.\." is 129 characters long/, "--id", "x".repeat(129)],
            [/the registration ID "né" contains "é"/, "--id", "né"],
            [/unknown setting SLOTS/, "--set", "SLOTS=1"],
            [
                /--profile and --id-scope are mutually exclusive/,
                "--profile",
                world.profile,
                "--id-scope",
                "0ne1",
            ],
            [/--key-file requires --id-scope or --profile/, "--key-file", "a"],
            [/--erase requires --flash/, "--erase"],
            [/No device key specified/, "--id-scope", "0ne00ABC"],
            [/Cannot read \/none/, "--profile", "/none"],
            [/the key is 9 bytes long \(allowed: 16/, "--id-scope", "0ne1", "--key-file", path("short.key")],
            [
                /the key is 9 bytes long \(allowed: 16/,
                "--id-scope",
                "0ne1",
                "--group-key-file",
                path("short.key"),
            ],
        ]
        await Promise.all(cases.map(([message, ...args]) => failing(2, message, ...args)))
    })

    test("an unknown board profile and an unreadable key end with exit code 1", async () => {
        await failing(1, /Unknown board moorage_c9: .* Known boards: moorage_c3, /, "--board", "moorage_c9")
        await failing(1, /Cannot read \/none/, "--id-scope", "0ne1", "--key-file", "/none")
    })

    test("an invalid flash file, or the flash of another board, is rejected and not modified", async () => {
        const mine = path("mine.bin")
        for (const [text, message] of [
            ["precious", /has 8 bytes, but the flash of the board has 262144\. Check the file/],
            ["a".repeat(262_144), /is not a board flash image and stays unchanged/],
        ] as const) {
            writeFileSync(mine, text)
            await Promise.all([
                failing(1, message, "--flash", mine),
                failing(1, message, "--flash", mine, "--erase"),
            ])
            expect(readFileSync(mine, "utf8")).toBe(text)
        }
        await failing(1, /is not a regular file/, "--flash", dir)
        await failing(1, /is not a regular file/, "--flash", "/dev/full")
        await failing(
            1,
            /Cannot write \S+none\/a\.bin: the folder \S+ does not exist/,
            "--flash",
            path("none", "a.bin")
        )
        const flash = path("one.bin")
        expect((await run(["board", "--flash", flash, "--no-power", "--for", "1s"])).code).toBe(0)
        const before = readFileSync(flash)
        await failing(
            2,
            /contains the flash of board-1, not of board-2\. Omit --id/,
            "--flash",
            flash,
            "--id",
            "board-2"
        )
        expect(readFileSync(flash).equals(before)).toBe(true)
    })

    test("the card of a stopped emulator is reported as such", async () => {
        const other = await cloudWorld()
        await other.emulator.stop()
        const { mqttPort } = other.card
        await failing(
            1,
            new RegExp(`No emulator answers at 127\\.0\\.0\\.1:${mqttPort}`),
            "--profile",
            other.profile
        )
        const lost = other.file("lost.json", JSON.stringify({ ...other.card, caFile: "/none/ca.pem" }))
        await failing(
            1,
            /If this file is the connection card of an emulator, start the emulator again/,
            "--profile",
            lost
        )
        await other.close()
    })

    test("a full disk ends with exit code 1 and leaves no partial file", async () => {
        const flash = path("full.bin")
        // The limit of 200 KiB is less than the size of the flash file.
        const { code, stderr } = await runOnFullDisk(["board", "--no-power", "--flash", flash], 204_800)
        expect(stderr).toMatch(/^Cannot write \S+full\.bin: EFBIG/)
        expect(code).toBe(1)
        expect(
            readdirSync(dir).filter(name => name.startsWith("full.bin") && name !== "full.bin.cloud")
        ).toEqual([])
    })

    test("a flash file that becomes unwritable ends the command with exit code 1", async () => {
        mkdirSync(path("gone"))
        const board = new BoardCommand([
            "--flash",
            path("gone", "a.bin"),
            "--profile",
            world.profile,
            ...QUICK,
        ])
        await board.until(/^moored at/)
        rmSync(path("gone"), { recursive: true })
        const { code, stderr } = await board.end()
        expect(stderr).toMatch(/^Cannot write \S+a\.bin: ENOENT/)
        expect(code).toBe(1)
        expect(existsSync(path("gone"))).toBe(false)
    })
})
