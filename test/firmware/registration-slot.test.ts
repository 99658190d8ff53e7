// The slot of a first registration (R1).
import { describe, expect, test } from "vitest"
import { HUB_GAP_MS } from "../../devs/retry/retry-policy"
import { elapsedMs, expectEachWithin, HUB_HOST } from "../helpers/board-calls.js"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

/** When the board first asked DPS for anything, in s since power-on. */
function firstCallSec(world: FirmwareWorld): number {
    return Math.min(...world.dials.map(dial => dial.atMs)) / 1000
}

describe("a staggered first boot", () => {
    test.each([["main"], ["maintight"]] as const)(
        "of %s registers in its slot, and not before",
        async image => {
            const world = await createWorld({ image, settings: { SLOT: 5, SLOT_SEC: 60 } })
            world.board.powerOn()
            world.untilLogged(/^moored/, 600)
            const registered = world.cloud.history.find(event => event.kind === "register")
            const sec = ((registered?.atMs ?? 0) - world.startMs) / 1000
            expect(sec).toBeGreaterThanOrEqual(300)
            expect(sec).toBeLessThan(370)
            // The full image asks DPS for nothing before; the tight one has looked itself up.
            if (image === "main") expect(firstCallSec(world)).toBeGreaterThanOrEqual(300)
        }
    )

    test.each([["main"], ["maintight"]] as const)(
        "of %s is waited for once in a life: not on a warm boot",
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

describe("the slot of a first registration", () => {
    test("is not waited for by a warm board that must register anew", async () => {
        const world = await createWorld({
            image: "main",
            hubs: [HUB_HOST],
            settings: { SLOT: 5, SLOT_SEC: 60 },
        })
        world.board.powerOn()
        world.untilLogged("record kept", 600)
        world.board.powerOff()
        world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, fault: { connack: 5 } })
        world.board.powerOn()
        const bootMs = elapsedMs(world)
        world.untilLogged("registering", 300)
        expectEachWithin([elapsedMs(world) - bootMs], 2 * HUB_GAP_MS, 4 * HUB_GAP_MS + 10_000)
        expect(world.logged("slot in")).toHaveLength(1)
    })
})
