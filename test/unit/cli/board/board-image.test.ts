// `moorage board --image`: boots an image that `moorage manufacture` has made.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildFirmware } from "@moorage/vm"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { manufacture } from "../../../../tools/fleet/manufacture/index.js"
import { BoardCommand, buildBoardImages, stopBoardCommands } from "../../../helpers/board-command.js"
import { type CloudWorld, cloudWorld, GROUP_KEY } from "../../../helpers/cloud-world.js"
import { run } from "../../../helpers/command.js"

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

describe("a manufactured image", () => {
    let image: string
    const idScope = "0ne00PLANT7"

    beforeAll(async () => {
        const { bytecode } = await buildFirmware("src/main.ts")
        const settings = { ID_SCOPE: idScope, STABLE_SEC: 1 }
        const board = { line: 2, registrationId: "made-1", profile: "moorage_c3", settings }
        const network = { ssid: "plant 7", psk: "the Wi-Fi password" }
        const options = { outDir: path("out"), bytecodes: { main: bytecode }, jobs: 1, bootCount: 0 }
        const made = await manufacture([{ ...board, network }], { ...options, groupKey: GROUP_KEY })
        image = path("out", made?.manifest.boards[0]?.image as string)
    })

    test("moors, and the image file is not modified", async () => {
        const before = readFileSync(image)
        const board = new BoardCommand(["--image", image])
        await board.until(/^record stored$/)
        board.send("flash")
        await board.until(/^flash$/)
        expect((await board.quit()).code).toBe(0)
        expect(board.texts(/^made-1, board moorage_c3 \(main\)/)).toHaveLength(1)
        expect(board.storedContents).toMatchObject({
            ssid: "plant 7",
            settings: { REG_ID: "made-1", ID_SCOPE: idScope },
        })
        expect(board.process.stdout).not.toContain("the Wi-Fi password")
        expect(readFileSync(image).equals(before)).toBe(true)
        expect(readdirSync(path("out", "images"))).toHaveLength(1)
    })

    test("reports an ID scope that differs from the profile, and excludes the option --id", async () => {
        const board = new BoardCommand(["--image", image, "--profile", world.profile, "--for", "8s"])
        await board.until(/^the board has ID scope 0ne00PLANT7 instead of 0ne00ACME01$/)
        const { code } = await board.end()
        expect(code).toBe(0)
        expect(board.texts(/^moored/)).toEqual([])
        const { stderr, code: wrong } = await run(["board", "--image", image, "--id", "a"])
        expect(stderr).toMatch(/^--image and --id are mutually exclusive: an image contains its board, ID/)
        expect(wrong).toBe(2)
    })

    test("does not boot if it is damaged or has no manifest", async () => {
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
