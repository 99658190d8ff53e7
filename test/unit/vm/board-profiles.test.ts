// The board definitions and profiles in boards/.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { boardNames, buildFirmware, loadBoardProfile } from "@moorage/vm"
import { afterAll, beforeAll, describe, expect, test } from "vitest"

const NAMES = ["moorage_c3", "moorage_devkitc", "moorage_s2"]
let dir: string

beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-boards-"))
    cpSync("boards", join(dir, "boards"), { recursive: true })
    mkdirSync(join(dir, "src"))
    writeFileSync(join(dir, "devsconfig.json"), "{}")
    writeFileSync(join(dir, "package.json"), '{ "name": "the board definitions", "version": "1.0.0" }')
})

afterAll(() => rmSync(dir, { recursive: true }))

const boardJson = (name: string) => JSON.parse(readFileSync(`boards/${name}.board.json`, "utf8"))

describe("the board definitions", () => {
    test("are three, each with a profile that fits its chip", () => {
        expect(boardNames()).toEqual(NAMES)
        const chips = NAMES.map(name => {
            const { arch, heapKB, image, fstorPages } = loadBoardProfile(name)
            return { arch, heapKB, image, fstorPages }
        })
        expect(chips).toEqual([
            { arch: "esp32c3", heapKB: 64, image: "main", fstorPages: 64 },
            { arch: "esp32", heapKB: 64, image: "main", fstorPages: 64 },
            { arch: "esp32s2", heapKB: 40, image: "maintight", fstorPages: 64 },
        ])
    })

    test("have different product identifiers in the range for custom boards", () => {
        const ids = NAMES.map(name => Number(boardJson(name).productId))
        for (const id of ids) expect(id >>> 28).toBe(3)
        expect(new Set(ids).size).toBe(NAMES.length)
    })

    test("are accepted by the compiler, and a program can import the pins of known boards only", async () => {
        const imports = NAMES.map(name => `import { pins as ${name} } from "@dsboard/${name}"`)
        const uses = NAMES.map(name => `console.log("${name}", ${name}.P4.gpio)`)
        writeFileSync(join(dir, "src/pins.ts"), [...imports, ...uses].join("\n"))
        const { bytecode } = await buildFirmware("src/pins.ts", { projectDir: dir })
        for (const name of NAMES) expect(Buffer.from(bytecode).includes(name)).toBe(true)
        writeFileSync(
            join(dir, "src/strange.ts"),
            'import { pins } from "@dsboard/strange"\nconsole.log(pins)\n'
        )
        await expect(buildFirmware("src/strange.ts", { projectDir: dir })).rejects.toThrow(
            /@dsboard\/strange/
        )
    })

    test("fail the build with the reason of the compiler when they are invalid", async () => {
        const path = join(dir, "boards/moorage_c3.board.json")
        const board = boardJson("moorage_c3")
        writeFileSync(path, JSON.stringify({ ...board, productId: "0x1b4b0397" }))
        writeFileSync(join(dir, "src/one.ts"), 'console.log("one")')
        const build = buildFirmware("src/one.ts", { projectDir: dir })
        await expect(build).rejects.toMatchObject({
            kind: "build",
            message: expect.stringMatching(/invalid productId/),
        })
        writeFileSync(path, JSON.stringify(board))
    })
})

describe("a board profile", () => {
    const withProfile = (change: object) => {
        const profile = JSON.parse(readFileSync("boards/moorage_s2.profile.json", "utf8"))
        const boards = join(dir, "boards")
        writeFileSync(join(boards, "moorage_s2.profile.json"), JSON.stringify({ ...profile, ...change }))
        return () => loadBoardProfile("moorage_s2", boards)
    }

    test.each([
        [{ heapKB: 65 }, /heapKB is 65 and must be an integer from 1 to 64/],
        [{ heapKB: "40" }, /heapKB is "40"/],
        [{ fstorPages: 0.5 }, /fstorPages is 0.5/],
        [{ fstorOffset: 0x1c0001 }, /in steps of 4096/],
        [{ image: "other" }, /image is "other" and must be one of main, maintight/],
        [{ arch: "esp32" }, /must be the archId of the board, "esp32s2"/],
    ])("is rejected with the name of the field (%j)", (change, message) => {
        expect(withProfile(change)).toThrow(message)
    })

    test("is rejected with the list of known boards when the board is unknown", () => {
        expect(() => loadBoardProfile("moorage_x")).toThrow(
            /Unknown board moorage_x.*Known boards: moorage_c3, moorage_devkitc/
        )
    })
})
