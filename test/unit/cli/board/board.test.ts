// `moorage board` with its embedded emulator: real bytecode in the real VM, real TLS on 127.0.0.1, in real time.
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import {
    BoardCommand,
    buildBoardImages,
    LOST,
    QUICK,
    REGISTER,
    stopBoardCommands,
} from "../../../helpers/board-command.js"
import { run } from "../../../helpers/command.js"

const MOORED = /^moored at hub-[12]\.azure-devices\.net$/

let dir: string
const path = (...names: string[]) => join(dir, ...names)

beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "moorage-board-test-"))
    await buildBoardImages()
})
afterAll(() => rmSync(dir, { recursive: true }))
afterEach(stopBoardCommands)

describe("with the embedded emulator", () => {
    test("a board moors, and --until moored ends with exit code 0", async () => {
        const { code, stdout, stderr } = await run(["board", "--until", "moored"])
        expect(stderr).toBe("")
        expect(code).toBe(0)
        expect(stdout).toMatch(
            /^ +0\.\d\d s {2}moorage {2}board-1, board moorage_devkitc \(main\), connects to an embedded emulator/
        )
        expect(stdout).toMatch(/ s {2}cloud {4}DPS: register from board-1 -> 202\n/)
        expect(stdout).toMatch(/ s {2}board {4}moored hub-[12]\.azure-devices\.net\n.* moorage {2}moored\n$/)
    })

    test("a board that does not moor in time ends --until moored with exit code 1", async () => {
        const { code, stderr } = await run(["board", "--no-power", "--until", "moored", "--for", "1s"])
        expect(stderr).toBe("The board did not moor (time is up).\n")
        expect(code).toBe(1)
        expect((await run(["board", "--no-power", "--for", "1s"])).code).toBe(0)
    })

    test("the flash file keeps the hub after a power cut and after the end of the command", async () => {
        const flash = path("kept.bin")
        const board = new BoardCommand(["--flash", flash, ...QUICK])
        await board.until(/^record stored$/)
        board.send("power off")
        board.send("reset")
        board.send("power on")
        await board.until(MOORED, 2)
        board.send("flash")
        await board.until(/^flash$/)
        const { code, stderr } = await board.quit()
        expect(stderr).toBe("")
        expect(code).toBe(0)
        expect(board.texts(REGISTER)).toHaveLength(1)
        expect(board.texts(/^the board is off$/)).toHaveLength(1)
        const hub = board.texts(MOORED)[0].slice("moored at ".length)
        expect(board.storedContents).toMatchObject({
            settings: { REG_ID: "board-1", DEVICE_KEY: "(hidden)", STABLE_SEC: 1 },
            record: { hub, deviceId: "board-1" },
        })
        expect(statSync(flash).mode & 0o777).toBe(0o600)

        const again = new BoardCommand(["--flash", flash, "--until", "moored"])
        expect((await again.end()).code).toBe(0)
        expect(again.texts(/^known/, "board")).toEqual([`known ${hub}`])
        expect(again.texts(REGISTER)).toEqual([])

        const blank = new BoardCommand(["--flash", flash, "--erase", "--until", "moored"])
        expect((await blank.end()).code).toBe(0)
        expect(blank.texts(/^DPS: status lookup/)).toEqual([])
        expect(blank.texts(REGISTER)).toHaveLength(1)
    })

    test("a held button starts a new registration, a short press does not", async () => {
        const board = new BoardCommand(QUICK)
        await board.until(/^stable$/)
        board.send("button")
        await board.until(/^button up$/)
        board.send("hold")
        await board.until(MOORED, 2)
        expect(board.texts(REGISTER)).toHaveLength(2)
        expect(board.texts(/^button down/)).toEqual(["button down for 0.2 s", "button down for 5.2 s"])
        expect((await board.quit()).code).toBe(0)
    })

    test("the wifi command disconnects and reconnects the board", async () => {
        const board = new BoardCommand(["--no-power", ...QUICK])
        board.send("wifi off")
        board.send("power on")
        await board.until(/^network not available; next in/)
        expect(board.texts(REGISTER)).toEqual([])
        board.send("wifi")
        await board.until(MOORED)
        board.send("wifi")
        await board.until(LOST)
        expect((await board.quit()).code).toBe(0)
    })

    test("a power failure during a flash write leaves no program until the flash is erased", async () => {
        const flash = path("torn.bin")
        const board = new BoardCommand(["--flash", flash, ...QUICK])
        board.send("tear")
        await board.until(/^power fails during a write to flash$/)
        await board.until(/^off$/)
        board.send("power")
        await board.until(/^dark: no program$/)
        expect(board.texts(/^no program in flash: the runtime has formatted it/)).toHaveLength(1)
        const other = await run(["board", "--flash", flash])
        expect(other.stderr).toMatch(/has no program.*\n?.*--erase to flash it again/)
        expect(other.code).toBe(1)
        board.send("erase")
        await board.until(MOORED, 2)
        expect((await board.quit()).code).toBe(0)
    })

    test("an unknown command is answered with the list of commands", async () => {
        const board = new BoardCommand(["--no-power"])
        for (const command of ["power up", "reset on", "help", "status"]) board.send(command)
        await board.until(/^power off \| Wi-Fi on \| off \| ○ dark \| heap of 64 KB \| 0 flash writes$/)
        expect(board.texts(/^unknown command/)).toEqual([
            expect.stringMatching(/^unknown command "power up" \(commands: power, reset, /),
            expect.stringMatching(/^unknown command "reset on" /),
        ])
        expect(board.texts(/^q {2}quit/)).toHaveLength(1)
        expect((await board.quit()).code).toBe(0)
    })
})

describe("SIGINT", () => {
    test("ends with exit code 0, and with 130 before the condition of --until is met", async () => {
        const board = new BoardCommand(["--no-power"])
        await board.until(/^board-1, board/)
        const { code, stderr } = await board.process.stop("SIGINT")
        expect(code).toBe(0)
        expect(stderr).toBe("")
        expect(board.texts(/^interrupted$/)).toHaveLength(1)
        const waiting = new BoardCommand(["--no-power", "--until", "moored"])
        await waiting.until(/^board-1, board/)
        expect((await waiting.process.stop("SIGINT")).code).toBe(130)
    })
})

test("--help shows examples, keys and exit codes", async () => {
    const { code, stdout } = await run(["board", "--help"])
    expect(code).toBe(0)
    for (const text of ["Examples", "Exit codes", "Keys on a terminal"]) expect(stdout).toContain(text)
})
