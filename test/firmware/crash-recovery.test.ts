// A board whose program crashes and is restarted by the runtime. The tests cause the crash with an exhausted heap.
import { readSettings } from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { CALL_MS, expectEachWithin, MIN_MS, mooredHost, telemetryOf } from "../helpers/board-calls.js"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

const DAY_SEC = 86_400
/** Enough for the full image, but not enough to parse the twin of `patchCostlyTwin`. */
const HEAP_BYTES = 14 * 1024

/** Sets desired properties that need much more memory than their text has characters. Returns the hub. */
function patchCostlyTwin(world: FirmwareWorld) {
    const hub = world.cloud.hub(mooredHost(world))
    hub.patchDesired("board-1", { a: Array.from({ length: 400 }, () => []) })
    return hub
}

const crashes = (world: FirmwareWorld) => world.board.stats.panics

async function startCrashingByTwin() {
    const world = await createWorld({ image: "main", heapBytes: HEAP_BYTES })
    world.board.powerOn()
    world.untilLogged("stable")
    const hub = patchCostlyTwin(world)
    return { world, hub }
}

describe("the full image after a crash", () => {
    test("runs without record, twin and telemetry after the third crash, until the planned reboot", async () => {
        const { world, hub } = await startCrashingByTwin()
        world.advanceSec(30 * 60)
        expect(crashes(world)).toBe(3)
        expect(world.logged("restarted after a panic")).toHaveLength(3)
        expect(world.logged("restarted after a panic: no record, twin, telemetry")).toHaveLength(1)
        expect(world.logged(/^moored/).length).toBeGreaterThan(1)
        expect(hub.device("board-1")?.session).toBeDefined()
        const received = telemetryOf(world).length
        world.advanceSec(3600)
        expect(telemetryOf(world).length).toBe(received)

        // The twin is corrected. One or two days later, the planned reboot enables everything again.
        hub.patchDesired("board-1", { a: null })
        world.untilLogged("planned reboot", 2.1 * DAY_SEC)
        world.untilLogged("stable")
        world.advanceSec(600)
        expect(telemetryOf(world).length).toBeGreaterThan(received)
        expect(crashes(world)).toBe(3)
        expect(world.cloud.counters("board-1").registrations).toBe(1)
        // One write for the record, three for the crashes, one to clear the count.
        expect(world.board.stats.flashWrites).toBe(5)
    })

    test("waits 1 to 2 min before its next connection", async () => {
        const { world } = await startCrashingByTwin()
        world.untilLogged("restarted after a panic", 3600)
        world.untilLogged("restarted after a panic", 3600)
        const waitsMs = world.logged("restarted after a panic").flatMap(line => {
            const nextDial = world.dials.find(dial => dial.atMs > line.atMs)
            return nextDial ? [nextDial.atMs - line.atMs] : []
        })
        expectEachWithin(waitsMs, MIN_MS, 2 * MIN_MS + CALL_MS)
    })

    test("writes flash three times and connects at most once a minute when it crashes in every run", async () => {
        const world = await createWorld({ image: "main", heapBytes: 8.5 * 1024 })
        world.board.powerOn()
        world.advanceSec(6 * 3600)
        expect(crashes(world)).toBeGreaterThan(100)
        expect(world.board.stats.flashWrites).toBe(3)
        expect(world.dials.length).toBeLessThanOrEqual(6 * 60)
        expect(readSettings(world.board.flash).crashes).toBe(3)
    })

    test("clears its crash count after a stable boot, and writes nothing without a crash", async () => {
        const { world, hub } = await startCrashingByTwin()
        world.untilLogged("restarted after a panic", 600)
        world.advanceSec(1)
        world.board.powerOff()
        hub.patchDesired("board-1", { a: null })
        world.board.powerOn()
        world.untilLogged("stable")
        expect(readSettings(world.board.flash).crashes).toBe(1)
        world.advanceSec(1)
        expect(readSettings(world.board.flash).crashes).toBe(0)
        const writes = world.board.stats.flashWrites
        world.board.powerOff()
        world.board.powerOn()
        world.untilLogged("stable")
        expect(world.board.stats.flashWrites).toBe(writes)
    })
})

describe("the tight image after a crash", () => {
    test("writes no flash and runs without telemetry until its next boot, after the first crash already", async () => {
        const world = await createWorld({ image: "maintight", heapBytes: 9 * 1024 })
        world.board.powerOn()
        world.advanceSec(3 * 3600)
        expect(crashes(world)).toBeGreaterThan(50)
        expect(world.logged("restarted after a panic: no record, twin, telemetry").length).toBe(
            crashes(world)
        )
        expect(world.dials.length).toBeLessThanOrEqual(3 * 60)
        expect(world.board.stats.flashWrites).toBe(0)
    })
})
