// `moorage board` with a cloud outside the command: a running emulator, or a DPS with its own host name and port.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { deriveDeviceKey } from "@moorage/protocol"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import {
    BoardCommand,
    buildBoardImages,
    LOST,
    QUICK,
    stopBoardCommands,
} from "../../../helpers/board-command.js"
import { type CloudWorld, cloudWorld, GROUP_KEY } from "../../../helpers/cloud-world.js"
import { emulate } from "../../../helpers/command.js"

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

describe("with another cloud", () => {
    test("a board moors at a running emulator, and the output contains no secret", async () => {
        const board = new BoardCommand([
            "--profile",
            world.profile,
            "--id",
            "Lab-7",
            "--board",
            "moorage_s2",
            ...QUICK,
        ])
        await board.until(/^moored at (east|west)\.azure-devices\.net$/)
        board.send("hold")
        board.send("flash")
        await board.until(/^flash$/)
        const { code, stdout, stderr } = await board.quit()
        expect(code).toBe(0)
        expect(board.texts(/^button down/)).toEqual(["button down for 5.2 s; the tight image ignores it"])
        for (const secret of [deriveDeviceKey(GROUP_KEY, "lab-7"), GROUP_KEY, "sig="])
            expect(stdout + stderr).not.toContain(secret)
        const events = (await world.admin("GET", "/events")) as {
            kind: string
            id: string
            status?: number
        }[]
        const registered = events.filter(({ kind, id }) => kind === "register" && id === "lab-7")
        expect(registered).toMatchObject([{ status: 202 }])
    })

    test("a board keeps retrying when the emulator stops, and reports the reason for the wait", async () => {
        const other = await cloudWorld()
        try {
            const board = new BoardCommand(["--profile", other.profile, ...QUICK])
            await board.until(/^moored at/)
            await other.emulator.stop()
            await board.until(LOST)
            await board.until(/^waiting \d+ s: /)
            expect((await board.quit()).code).toBe(0)
        } finally {
            await other.close()
        }
    })

    test("a board moors at a DPS with its own host name and port, without a profile", async () => {
        const config = path("lab.json")
        writeFileSync(config, JSON.stringify({ hubs: [{ hostName: "127.0.0.1" }], assigningMs: 0 }))
        const { emulator, card } = await emulate("--config", config, "--log", "off")
        try {
            writeFileSync(path("group.key"), `${card.enrollmentGroups[0].primaryKey}\n`)
            const { mqttPort, httpsPort, caFile, idScope } = card
            const settings = ["DPS_HOST=127.0.0.1", `DPS_PORT=${mqttPort}`, `DPS_HTTP_PORT=${httpsPort}`]
            const args = ["--id-scope", idScope, "--group-key-file", path("group.key"), "--until", "moored"]
            const board = new BoardCommand([...args, ...settings.flatMap(each => ["--set", each])], {
                NODE_EXTRA_CA_CERTS: caFile,
            })
            expect((await board.end()).code).toBe(0)
            expect(board.texts(/^moored at/)).toEqual(["moored at 127.0.0.1"])
        } finally {
            await emulator.stop()
        }
    })
})
