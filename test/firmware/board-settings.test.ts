// What the board does with its settings.
import { describe, expect, test } from "vitest"
import { bootUntilStable } from "../helpers/board-calls.js"
import { createWorld } from "../helpers/firmware-world.js"

describe("a board that reads its settings", () => {
    test.each([
        ["ID_SCOPE", ""],
        ["ID_SCOPE", "a b"],
        ["DEVICE_KEY", ""],
        ["DEVICE_KEY", "not base64"],
        ["DEVICE_KEY", "c2hvcnQ="],
        ["REG_ID", "ends-with-dot."],
        ["REG_ID", "sp ace"],
        ["REG_ID", "x".repeat(129)],
        ["DPS_PORT", 0],
        ["DPS_TRANSPORT", "udp"],
        ["TELEMETRY_SEC", "often"],
    ])("names the malformed setting %s = %j in one log line and does not reset", async (name, value) => {
        const world = await createWorld({ image: "main", settings: { [name]: value } })
        world.board.powerOn()
        world.advanceSec(20)
        expect(world.lines.map(line => line.text)).toEqual([`setting ${name} is missing or malformed`])
        expect(world.dials).toEqual([])
        expect(world.board.stats).toMatchObject({ resets: 0, panics: 0, programStarts: 1 })
    })

    test("logs a malformed setting once a minute for an hour and does not reset", async () => {
        const world = await createWorld({ image: "main", settings: { ID_SCOPE: "" } })
        world.board.powerOn()
        world.advanceSec(3600)
        expect(world.lines.length).toBe(60)
        expect(world.board.stats).toMatchObject({ resets: 0, panics: 0 })
    })

    test("registers with the chip's identifier when REG_ID is missing", async () => {
        const chipId = "fe0011223344aaff"
        const world = await createWorld({
            image: "main",
            registrationId: chipId,
            chipId,
            settings: { REG_ID: undefined },
        })
        world.board.powerOn()
        world.untilLogged(/^moored/)
        expect(world.cloud.counters(chipId).registrations).toBe(1)
    })

    test("uses plain TCP when configured and logs a warning at boot", async () => {
        const world = await createWorld({ image: "main", settings: { DPS_TRANSPORT: "tcp" } })
        bootUntilStable(world)
        expect(world.logged("WARNING")).toHaveLength(1)
        expect(world.board.stats.tlsHandshakes).toBe(0)
    })
})
