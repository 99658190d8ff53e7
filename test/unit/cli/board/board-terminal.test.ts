// `moorage board` on a real terminal: status lines, keys, and the terminal after the end.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { buildBoardImages } from "../../../helpers/board-command.js"
import { type CloudWorld, cloudWorld } from "../../../helpers/cloud-world.js"
import { Terminal, whyNoTmux } from "../../../helpers/tmux.js"

const BIN = fileURLToPath(new URL("../../../../tools/cli/moorage.mjs", import.meta.url))

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

describe("on a terminal", () => {
    /** Expects that the terminal echoes and edits lines again. */
    const expectRestored = (terminal: Terminal) => {
        terminal.type("stty -a | grep -o ' -*icanon\\| -*echo '")
        return expect.poll(() => terminal.screen).toMatch(/(^|ready\$ ) icanon\n echo$/m)
    }

    test("the status stays below the log, keys work, and quitting restores the terminal", async context => {
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
            // The escape sequence of an arrow key ends in a letter, which must not count as a key.
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
            await expectRestored(terminal)
        } finally {
            terminal.close()
        }
    })

    test("Ctrl-C quits, and an error restores the terminal too", async context => {
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
            await expectRestored(terminal)
            expect(terminal.state.isCursorShown).toBe(true)
        } finally {
            terminal.close()
        }
    })
})
