// The slot of a first registration (R1).
import { describe, expect, test } from "vitest"
import { HUB_GAP_MS } from "../../devs/retry/retry-policy"
import { elapsedMs, expectEachWithin, HUB_HOST } from "../helpers/board-calls.js"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

/** Returns the time of the first connection, in s since the world began. */
function firstConnectionSec(world: FirmwareWorld): number {
    return Math.min(...world.dials.map(dial => dial.atMs)) / 1000
}

describe("a new board with a slot", () => {
    test.each([["main"], ["maintight"]] as const)(
        "registers within its slot, not before (image: %s)",
        async image => {
            const world = await createWorld({ image, settings: { SLOT: 5, SLOT_SEC: 60 } })
            world.board.powerOn()
            world.untilLogged(/^moored/, 600)
            const registered = world.cloud.history.find(event => event.kind === "register")
            const sec = ((registered?.atMs ?? 0) - world.startMs) / 1000
            expect(sec).toBeGreaterThanOrEqual(300)
            expect(sec).toBeLessThan(370)
            // The full image sends nothing before its slot. The tight image sends its status lookup at power-on.
            if (image === "main") expect(firstConnectionSec(world)).toBeGreaterThanOrEqual(300)
        }
    )

    test.each([["main"], ["maintight"]] as const)(
        "does not wait for its slot again at the next boot (image: %s)",
        async image => {
            const world = await createWorld({ image, settings: { SLOT: 5, SLOT_SEC: 60 } })
            world.board.powerOn()
            world.untilLogged(/^moored/, 600)
            world.advanceSec(20)
            world.board.powerOff()
            world.board.powerOn()
            world.untilLogged(/^moored/, 30)
            expect(world.logged("slot in")).toHaveLength(1)
        }
    )
})

describe("a board with a slot and a record", () => {
    test("does not wait for its slot when it must register again", async () => {
        const world = await createWorld({
            image: "main",
            hubs: [HUB_HOST],
            settings: { SLOT: 5, SLOT_SEC: 60 },
        })
        world.board.powerOn()
        world.untilLogged("record stored", 600)
        world.board.powerOff()
        world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, fault: { connack: 5 } })
        world.board.powerOn()
        const bootMs = elapsedMs(world)
        world.untilLogged("registering", 300)
        expectEachWithin([elapsedMs(world) - bootMs], 2 * HUB_GAP_MS, 4 * HUB_GAP_MS + 10_000)
        expect(world.logged("slot in")).toHaveLength(1)
    })
})
