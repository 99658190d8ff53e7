// `moorage board` as its user plays with it: real bytecode in the real VM, real TLS on 127.0.0.1, in real time.
import {
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
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { fileURLToPath } from "node:url"
import { deriveDeviceKey } from "@moorage/protocol"
import { buildFirmware } from "@moorage/vm"
import * as v from "valibot"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { manufacture } from "../../../../tools/fleet/manufacture/index.js"
import { type CloudWorld, cloudWorld, GROUP_KEY } from "../../../helpers/cloud-world.js"
import { type Ended, emulate, run, runOnFullDisk, type Running, start } from "../../../helpers/command.js"
import { BOARD_EVENT } from "../../../helpers/json-schema.js"
import { Terminal, whyNoTmux } from "../../../helpers/tmux.js"

const BIN = fileURLToPath(new URL("../../../../tools/cli/moorage.mjs", import.meta.url))
/** So that a life is short: the record is kept after a second, and the button is looked at each second. */
const QUICK = ["--set", "STABLE_SEC=1", "--set", "TELEMETRY_SEC=1"]

let dir: string
let world: CloudWorld
let running: Running[] = []
const path = (...names: string[]) => join(dir, ...names)

beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "moorage-board-test-"))
    // So that no command below has to build.
    await buildFirmware("src/main.ts")
    await buildFirmware("src/maintight.ts")
    world = await cloudWorld()
})
afterAll(async () => {
    await world.close()
    rmSync(dir, { recursive: true })
})
afterEach(async () => {
    for (const each of running) await each.stop("SIGKILL")
    running = []
})

/** A board that a script plays with: words go in, events come out. */
class Played {
    private readonly words = new PassThrough()
    readonly command: Running

    constructor(args: string[], env?: Record<string, string>) {
        this.command = start(["board", "--json", ...args], env, this.words)
        running.push(this.command)
    }

    say(word: string): void {
        this.words.write(`${word}\n`)
    }

    /** All that was told, each line as the schema promises. */
    get events(): v.InferOutput<typeof BOARD_EVENT>[] {
        const lines = this.command.stdout.split("\n").slice(0, -1)
        return lines.map(line => v.parse(BOARD_EVENT, JSON.parse(line)))
    }

    /** Texts from `source` (any unless given) that match. */
    told(text: RegExp, source?: string): string[] {
        return this.events
            .filter(event => text.test(event.text) && (source === undefined || event.source === source))
            .map(event => event.text)
    }

    /** Waits until it was told so often; the firmware may have to be built first. */
    async until(text: RegExp, times = 1): Promise<void> {
        try {
            await expect.poll(() => this.told(text).length, { timeout: 90_000 }).toBeGreaterThanOrEqual(times)
        } catch (error) {
            const { stdout, stderr } = this.command
            throw new Error(`never ${times} x ${text}:\n${stdout}${stderr}`, { cause: error })
        }
    }

    end(): Promise<Ended> {
        return this.command.end()
    }

    async quit(): Promise<Ended> {
        this.say("quit")
        return this.end()
    }
}

const MOORED = /^moored at hub-[12]\.azure-devices\.net$/
const REGISTER = /^DPS: register from/
/** By then the session may be a moment old: the firmware tells that apart. */
const LOST = /^(socket: mbedtls_ssl_read|closed by peer|closed after CONNACK); next in \d+ s$/

describe("a board at an emulator of its own", () => {
    test("moors, and --until moored ends with 0", async () => {
        const { code, stdout, stderr } = await run(["board", "--until", "moored"])
        expect(stderr).toBe("")
        expect(code).toBe(0)
        expect(stdout).toMatch(
            /^ +0\.\d\d s {2}moorage {2}board-1, a moorage_devkitc \(main\), against an embedded emulator/
        )
        expect(stdout).toMatch(/ s {2}cloud {4}DPS: register from board-1 -> 202\n/)
        expect(stdout).toMatch(/ s {2}board {4}moored hub-[12]\.azure-devices\.net\n.* moorage {2}moored\n$/)
    })

    test("that does not moor in time is exit 1, with what it was told to do", async () => {
        const { code, stderr } = await run(["board", "--no-power", "--until", "moored", "--for", "1s"])
        expect(stderr).toBe("The board did not moor: time is up.\n")
        expect(code).toBe(1)
        expect((await run(["board", "--no-power", "--for", "1s"])).code).toBe(0)
    })

    test("keeps its hub over a power cut, and over the end of the command, by its flash file", async () => {
        const flash = path("kept.bin")
        const board = new Played(["--flash", flash, ...QUICK])
        await board.until(/^record stored$/)
        board.say("power off")
        board.say("reset")
        board.say("power on")
        await board.until(MOORED, 2)
        board.say("flash")
        await board.until(/^flash$/)
        const { code, stderr } = await board.quit()
        expect(stderr).toBe("")
        expect(code).toBe(0)
        expect(board.told(REGISTER)).toHaveLength(1)
        expect(board.told(/^the board is off$/)).toHaveLength(1)
        const hub = board.told(MOORED)[0].slice("moored at ".length)
        const { stored } = board.events.find(event => event.text === "flash") as { stored: unknown }
        expect(stored).toMatchObject({
            settings: { REG_ID: "board-1", DEVICE_KEY: "(hidden)", STABLE_SEC: 1 },
            record: { hub, deviceId: "board-1" },
        })
        expect(statSync(flash).mode & 0o777).toBe(0o600)

        const again = new Played(["--flash", flash, "--until", "moored"])
        expect((await again.end()).code).toBe(0)
        expect(again.told(/^known/, "board")).toEqual([`known ${hub}`])
        expect(again.told(REGISTER)).toEqual([])

        const blank = new Played(["--flash", flash, "--erase", "--until", "moored"])
        expect((await blank.end()).code).toBe(0)
        expect(blank.told(/^DPS: status lookup/)).toHaveLength(1)
    })

    test("registers anew when its button is held, and not when it is pressed", async () => {
        const board = new Played(QUICK)
        await board.until(/^stable$/)
        board.say("button")
        await board.until(/^button up$/)
        board.say("hold")
        await board.until(MOORED, 2)
        expect(board.told(REGISTER)).toHaveLength(2)
        expect(board.told(/^button down/)).toEqual(["button down for 0.2 s", "button down for 5.2 s"])
        expect((await board.quit()).code).toBe(0)
    })

    test("loses its Wi-Fi and finds it again", async () => {
        const board = new Played(["--no-power", ...QUICK])
        board.say("wifi off")
        board.say("power on")
        await board.until(/^network not available; next in/)
        expect(board.told(REGISTER)).toEqual([])
        board.say("wifi")
        await board.until(MOORED)
        board.say("wifi")
        await board.until(LOST)
        expect((await board.quit()).code).toBe(0)
    })

    test("whose power fails inside a write is dark, until its flash is erased", async () => {
        const flash = path("torn.bin")
        const board = new Played(["--flash", flash, ...QUICK])
        board.say("tear")
        await board.until(/^power fails during a write to flash$/)
        await board.until(/^off$/)
        board.say("power")
        await board.until(/^dark: no program$/)
        expect(board.told(/^no program in flash: the runtime has formatted it/)).toHaveLength(1)
        const other = await run(["board", "--flash", flash])
        expect(other.stderr).toMatch(/has no program.*\n?.*--erase to flash it again/)
        expect(other.code).toBe(1)
        board.say("erase")
        await board.until(MOORED, 2)
        expect((await board.quit()).code).toBe(0)
    })

    test("says what a word it does not know could have been", async () => {
        const board = new Played(["--no-power"])
        for (const word of ["power up", "reset on", "help", "status"]) board.say(word)
        await board.until(/^power off \| Wi-Fi on \| off \| ○ dark \| heap of 64 KB \| 0 flash writes$/)
        expect(board.told(/^unknown command/)).toEqual([
            expect.stringMatching(/^unknown command "power up" \(commands: power, reset, /),
            expect.stringMatching(/^unknown command "reset on" /),
        ])
        expect(board.told(/^q {2}quit/)).toHaveLength(1)
        expect((await board.quit()).code).toBe(0)
    })
})

describe("a board somewhere else", () => {
    test("moors at a running emulator, and nothing of it is a secret", async () => {
        const board = new Played([
            "--profile",
            world.profile,
            "--id",
            "Desk-7",
            "--board",
            "moorage_s2",
            ...QUICK,
        ])
        await board.until(/^moored at (east|west)\.azure-devices\.net$/)
        board.say("hold")
        board.say("flash")
        await board.until(/^flash$/)
        const { code, stdout, stderr } = await board.quit()
        expect(code).toBe(0)
        expect(board.told(/^button down/)).toEqual(["button down for 5.2 s; the tight image ignores it"])
        for (const secret of [deriveDeviceKey(GROUP_KEY, "desk-7"), GROUP_KEY, "sig="])
            expect(stdout + stderr).not.toContain(secret)
        const events = (await world.admin("GET", "/events")) as {
            kind: string
            id: string
            status?: number
        }[]
        const registered = events.filter(({ kind, id }) => kind === "register" && id === "desk-7")
        expect(registered).toMatchObject([{ status: 202 }])
    })

    test("goes on when its cloud goes down, and says why it waits", async () => {
        const other = await cloudWorld()
        try {
            const board = new Played(["--profile", other.profile, ...QUICK])
            await board.until(/^moored at/)
            await other.emulator.stop()
            await board.until(LOST)
            await board.until(/^waiting \d+ s: /)
            expect((await board.quit()).code).toBe(0)
        } finally {
            await other.close()
        }
    })

    test("moors at a DPS that is reached by its own name and port, as the real one is", async () => {
        const config = path("lab.json")
        writeFileSync(config, JSON.stringify({ hubs: [{ hostName: "127.0.0.1" }], assigningMs: 0 }))
        const { emulator, card } = await emulate("--config", config, "--log", "off")
        try {
            writeFileSync(path("group.key"), `${card.enrollmentGroups[0].primaryKey}\n`)
            const { mqttPort, httpsPort, caFile, idScope } = card
            const settings = ["DPS_HOST=127.0.0.1", `DPS_PORT=${mqttPort}`, `DPS_HTTP_PORT=${httpsPort}`]
            const args = ["--id-scope", idScope, "--group-key-file", path("group.key"), "--until", "moored"]
            const board = new Played([...args, ...settings.flatMap(each => ["--set", each])], {
                NODE_EXTRA_CA_CERTS: caFile,
            })
            expect((await board.end()).code).toBe(0)
            expect(board.told(/^moored at/)).toEqual(["moored at 127.0.0.1"])
        } finally {
            await emulator.stop()
        }
    })
})

describe("a manufactured image", () => {
    let image: string
    const idScope = "0ne00PLANT7"

    beforeAll(async () => {
        const { bytecode } = await buildFirmware("src/main.ts")
        const settings = { ID_SCOPE: idScope, STABLE_SEC: 1 }
        const board = { line: 2, registrationId: "made-1", profile: "moorage_c3", settings }
        const network = { ssid: "plant 7", psk: "the password of it" }
        const options = { outDir: path("out"), bytecodes: { main: bytecode }, jobs: 1, bootCount: 0 }
        const made = await manufacture([{ ...board, network }], { ...options, groupKey: GROUP_KEY })
        image = path("out", made?.manifest.boards[0]?.image as string)
    })

    test("moors as it is, and is not written", async () => {
        const before = readFileSync(image)
        const board = new Played(["--image", image])
        await board.until(/^record stored$/)
        board.say("flash")
        await board.until(/^flash$/)
        expect((await board.quit()).code).toBe(0)
        expect(board.told(/^made-1, board moorage_c3 \(main\)/)).toHaveLength(1)
        const { stored } = board.events.find(event => event.text === "flash") as { stored: unknown }
        expect(stored).toMatchObject({ ssid: "plant 7", settings: { REG_ID: "made-1", ID_SCOPE: idScope } })
        expect(board.command.stdout).not.toContain("the password of it")
        expect(readFileSync(image).equals(before)).toBe(true)
        expect(readdirSync(path("out", "images"))).toHaveLength(1)
    })

    test("is told to be of another scope than the emulator, and has all that it needs in it", async () => {
        const board = new Played(["--image", image, "--profile", world.profile, "--for", "8s"])
        await board.until(/^the board has ID scope 0ne00PLANT7 instead of 0ne00ACME01$/)
        const { code } = await board.end()
        expect(code).toBe(0)
        expect(board.told(/^moored/)).toEqual([])
        const { stderr, code: wrong } = await run(["board", "--image", image, "--id", "a"])
        expect(stderr).toMatch(/^--image and --id are mutually exclusive: an image contains its board, ID/)
        expect(wrong).toBe(2)
    })

    test("that is damaged, or has no manifest, is not booted", async () => {
        writeFileSync(path("stray.bin"), "x")
        const stray = await run(["board", "--image", path("stray.bin")])
        expect(stray.stderr).toMatch(/^Cannot read \S+manifest\.json/)
        expect(stray.code).toBe(1)
        const whole = readFileSync(image)
        try {
            writeFileSync(image, whole.subarray(0, 1000))
            const { code, stderr } = await run(["board", "--image", image])
            expect(stderr).toMatch(/differs from its checksum in the manifest/)
            expect(code).toBe(1)
        } finally {
            writeFileSync(image, whole)
        }
    })
})

describe("what goes wrong", () => {
    async function failing(exit: number, message: RegExp, ...args: string[]): Promise<void> {
        const { code, stdout, stderr } = await run(["board", ...args])
        expect(stderr).toMatch(message)
        expect(code).toBe(exit)
        expect(stdout).toBe("")
        expect(stderr).not.toContain("    at ")
    }

    test("wrong wishes are exit 2", async () => {
        writeFileSync(path("short.key"), "dG9vIHNob3J0\n")
        const wishes: [RegExp, ...string[]][] = [
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
        await Promise.all(wishes.map(([message, ...args]) => failing(2, message, ...args)))
    })

    test("no such board, and a key that cannot be read, are exit 1", async () => {
        await failing(1, /Unknown board moorage_c9: .* Known boards: moorage_c3, /, "--board", "moorage_c9")
        await failing(1, /Cannot read \/none/, "--id-scope", "0ne1", "--key-file", "/none")
    })

    test("a flash that is none, or another board's, is refused and left as it is", async () => {
        const mine = path("mine.bin")
        for (const [text, message] of [
            ["precious", /holds 8 bytes, the board's flash 262144/],
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

    test("the card of an emulator that has stopped is told as that", async () => {
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
            /If this file is the connection card of an emulator, the emulator has ended/,
            "--profile",
            lost
        )
        await other.close()
    })

    test("a disk that takes no more is exit 1, with nothing half-written", async () => {
        const flash = path("full.bin")
        // 200 KB to a file is less than a flash.
        const { code, stderr } = await runOnFullDisk(["board", "--no-power", "--flash", flash], 204_800)
        expect(stderr).toMatch(/^Cannot write \S+full\.bin: EFBIG/)
        expect(code).toBe(1)
        expect(
            readdirSync(dir).filter(name => name.startsWith("full.bin") && name !== "full.bin.cloud")
        ).toEqual([])
    })

    test("a flash that cannot be written any more ends the board with exit 1", async () => {
        mkdirSync(path("gone"))
        const board = new Played(["--flash", path("gone", "a.bin"), "--profile", world.profile, ...QUICK])
        await board.until(/^moored at/)
        rmSync(path("gone"), { recursive: true })
        const { code, stderr } = await board.end()
        expect(stderr).toMatch(/^Cannot write \S+a\.bin: ENOENT/)
        expect(code).toBe(1)
        expect(existsSync(path("gone"))).toBe(false)
    })
})

describe("SIGINT", () => {
    test("ends a board with 0, as quitting does; 130 when it had yet to moor", async () => {
        const board = new Played(["--no-power"])
        await board.until(/^board-1, board/)
        const { code, stderr } = await board.command.stop("SIGINT")
        expect(code).toBe(0)
        expect(stderr).toBe("")
        expect(board.told(/^interrupted$/)).toHaveLength(1)
        const waiting = new Played(["--no-power", "--until", "moored"])
        await waiting.until(/^board-1, board/)
        expect((await waiting.command.stop("SIGINT")).code).toBe(130)
    })
})

describe("on a terminal", () => {
    const isSane = (terminal: Terminal) => {
        terminal.type("stty -a | grep -o ' -*icanon\\| -*echo '")
        return expect.poll(() => terminal.screen).toMatch(/(^|ready\$ ) icanon\n echo$/m)
    }

    test("the status stays below the log, keys act, and quitting gives the terminal back", async context => {
        if (whyNoTmux !== undefined) return context.skip(whyNoTmux)
        const terminal = new Terminal(100, 30)
        try {
            const shows = (text: RegExp) => expect.poll(() => terminal.screen).toMatch(text)
            terminal.type(`"${process.execPath}" "${BIN}" board --set STABLE_SEC=1`)
            await shows(/\npower on \| Wi-Fi on \| moored at hub-\d\S+ \| ● steady \(moored\)/)
            await shows(/ s {2}board {4}record stored\n/)
            await shows(/heap [\d.]+ of 64 KB *\n1 flash write \| up \d:\d\d *\np power {2}r reset/)
            expect(terminal.state.isCursorShown).toBe(false)
            terminal.press("f")
            await shows(/ s {2}board {4}DEVICE_KEY {2}\(hidden\)\n/)
            // An arrow key ends in a letter, which is not meant.
            terminal.press("Down")
            terminal.press("p")
            await shows(/ s {2}board {4}power cut\npower off \| Wi-Fi on \| off \| ○ dark/)
            expect(terminal.screen).not.toContain("button down")
            terminal.press("w")
            await shows(/\npower off \| Wi-Fi off/)
            terminal.press("q")
            await shows(/ s {2}moorage {2}quit\nready\$/)
            expect(terminal.state.isCursorShown).toBe(true)
            expect(terminal.screen).not.toContain("p power  r reset")
            await isSane(terminal)
        } finally {
            terminal.close()
        }
    })

    test("Ctrl-C quits, and a board that fails gives the terminal back too", async context => {
        if (whyNoTmux !== undefined) return context.skip(whyNoTmux)
        mkdirSync(path("terminal"))
        const terminal = new Terminal(100, 30)
        const shows = (text: RegExp) => expect.poll(() => terminal.screen).toMatch(text)
        try {
            const flash = path("terminal", "a.bin")
            terminal.type(`"${process.execPath}" "${BIN}" board --no-power --profile "${world.profile}"`)
            await shows(/q quit/)
            terminal.press("C-c")
            await shows(/ s {2}moorage {2}quit\nready\$/)
            terminal.type(
                `clear; "${process.execPath}" "${BIN}" board --profile "${world.profile}" --flash "${flash}"`
            )
            await shows(/power on .*booting/)
            rmSync(path("terminal"), { recursive: true })
            terminal.press("e")
            await shows(/Cannot write \S+a\.bin: ENOENT/)
            await isSane(terminal)
            expect(terminal.state.isCursorShown).toBe(true)
        } finally {
            terminal.close()
        }
    })
})

test("--help has examples, keys and exit codes", async () => {
    const { code, stdout } = await run(["board", "--help"])
    expect(code).toBe(0)
    for (const text of ["Examples", "Exit codes", "Keys on a terminal"]) expect(stdout).toContain(text)
})
