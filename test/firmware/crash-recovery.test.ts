// A board that dies (an exhausted heap is the death that can be made) and is restarted by the runtime.
import { readSettings } from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { mooredHost } from "../helpers/board-calls.js"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

const DAY_SEC = 86_400
/** So little that the full image lives, but cannot read the document below. */
const HEAP_BYTES = 14 * 1024

/** Desired properties that cost much more memory to read than they have characters. */
function heavy(world: FirmwareWorld) {
    const hub = world.cloud.hub(mooredHost(world))
    hub.patchDesired("board-1", { a: Array.from({ length: 400 }, () => []) })
    return hub
}

const telemetry = (world: FirmwareWorld) =>
    world.cloud.history.filter(event => event.kind === "telemetry").length
const deaths = (world: FirmwareWorld) => world.board.stats.panics

async function dyingOfItsTwin() {
    const world = await createWorld({ image: "main", heapBytes: HEAP_BYTES })
    world.board.powerOn()
    world.untilLogged("stable")
    const hub = heavy(world)
    return { world, hub }
}

describe("the full image", () => {
    test("that dies three times of its twin leaves it away, and telemetry too, and says so; a boot ends that", async () => {
        const { world, hub } = await dyingOfItsTwin()
        world.advanceSec(30 * 60)
        expect(deaths(world)).toBe(3)
        expect(world.logged("restarted after a panic")).toHaveLength(3)
        expect(world.logged("restarted after a panic: no record, twin, telemetry")).toHaveLength(1)
        expect(world.logged(/^moored/).length).toBeGreaterThan(1)
        expect(hub.device("board-1")?.session).toBeDefined()
        const heard = telemetry(world)
        world.advanceSec(3600)
        expect(telemetry(world)).toBe(heard)

        // The document is mended, and a day or two later the planned reboot makes the board whole again.
        hub.patchDesired("board-1", { a: null })
        world.untilLogged("planned reboot", 2.1 * DAY_SEC)
        world.untilLogged("stable")
        world.advanceSec(600)
        expect(telemetry(world)).toBeGreaterThan(heard)
        expect(deaths(world)).toBe(3)
        expect(world.cloud.counters("board-1").registrations).toBe(1)
        // The record once, three deaths, the end of the count.
        expect(world.board.stats.flashWrites).toBe(5)
    })

    test("waits one to two minutes after each death, so that no loop can hammer DPS or the hub", async () => {
        const { world } = await dyingOfItsTwin()
        world.untilLogged("restarted after a panic", 3600)
        world.untilLogged("restarted after a panic", 3600)
        for (const line of world.logged("restarted after a panic")) {
            const nextDial = world.dials.find(dial => dial.atMs > line.atMs)
            if (nextDial) expect(nextDial.atMs - line.atMs).toBeGreaterThanOrEqual(60_000)
        }
    })

    test("that dies at every turn writes flash three times a boot, and asks DPS less than once a minute", async () => {
        const world = await createWorld({ image: "main", heapBytes: 8.5 * 1024 })
        world.board.powerOn()
        world.advanceSec(6 * 3600)
        expect(deaths(world)).toBeGreaterThan(100)
        expect(world.board.stats.flashWrites).toBe(3)
        expect(world.dials.length).toBeLessThanOrEqual(6 * 60)
        expect(readSettings(world.board.flash).deaths).toBe(3)
    })

    test("counts from none after a boot that held, and writes nothing when there was no death", async () => {
        const { world, hub } = await dyingOfItsTwin()
        world.untilLogged("restarted after a panic", 600)
        world.advanceSec(1)
        world.board.powerOff()
        hub.patchDesired("board-1", { a: null })
        world.board.powerOn()
        world.untilLogged("stable")
        expect(readSettings(world.board.flash).deaths).toBe(1)
        world.advanceSec(1)
        expect(readSettings(world.board.flash).deaths).toBe(0)
        const writes = world.board.stats.flashWrites
        world.board.powerOff()
        world.board.powerOn()
        world.untilLogged("stable")
        expect(world.board.stats.flashWrites).toBe(writes)
    })
})

describe("the tight image", () => {
    test("never writes flash: after one death already it is without telemetry until its next boot", async () => {
        const world = await createWorld({ image: "maintight", heapBytes: 9 * 1024 })
        world.board.powerOn()
        world.advanceSec(3 * 3600)
        expect(deaths(world)).toBeGreaterThan(50)
        expect(world.logged("restarted after a panic: no record, twin, telemetry").length).toBe(deaths(world))
        expect(world.dials.length).toBeLessThanOrEqual(3 * 60)
        expect(world.board.stats.flashWrites).toBe(0)
    })
})
