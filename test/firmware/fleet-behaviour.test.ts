// What a board does for the sake of the fleet: slots, spread, and a hub that stays dead.
import { describe, expect, test } from "vitest"
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

describe("DPS that throttles without retry-after", () => {
    test("is asked again within (1/load) * (N/cps) s", async () => {
        const settings = { FLEET_N: 10_000, FLEET_CPS: 100, LOAD: 0.5 }
        const world = await createWorld({ image: "main", settings })
        world.cloud.faultRules.add({ on: "register", times: 6, fault: { status: 429 } })
        world.board.powerOn()
        world.untilLogged(/^moored/, 3600)
        const at = world.cloud.history.filter(event => event.kind === "register").map(event => event.atMs)
        const gapsSec = at.slice(1).map((ms, i) => (ms - at[i]) / 1000)
        expect(gapsSec).toHaveLength(6)
        for (const sec of gapsSec) {
            expect(sec).toBeGreaterThanOrEqual(1)
            expect(sec).toBeLessThan(201)
        }
        expect(Math.max(...gapsSec)).toBeGreaterThan(30)
    })
})

describe("a hub that stays dead, and that DPS hands back", () => {
    test("is tried for 30 min, then an hour, then two: the window doubles", async () => {
        let down = ""
        const world = await createWorld({
            image: "main",
            hubs: ["hub-1.azure-devices.net"],
            answer: host => (host === down ? "connect" : "accept"),
        })
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.advanceSec(20)
        down = "hub-1.azure-devices.net"
        world.cloud.hub(down).disconnect("board-1")
        const sinceMs = world.clock.nowMs()
        world.advanceSec(5 * 3600)
        const atMin = world.cloud.history
            .filter(event => event.kind === "register" && event.atMs > sinceMs)
            .map(event => (event.atMs - sinceMs) / 60_000)
        expect(atMin).toHaveLength(3)
        const [first, second, third] = atMin
        // A try may be as late as the longest wait between two.
        expect(first).toBeGreaterThanOrEqual(30)
        expect(first).toBeLessThan(37)
        expect(second - first).toBeGreaterThanOrEqual(60)
        expect(second - first).toBeLessThan(67)
        expect(third - second).toBeGreaterThanOrEqual(120)
        expect(third - second).toBeLessThan(127)
        down = ""
        world.untilLogged(/^moored/, 600)
    })
})
